"""The look: true neutral greys fit for judging colour, one accent, sizes, fonts.

Every grey has equal red, green and blue, so that nothing beside a picture tints it. Text on its
ground has a contrast of at least 4.5:1 (tests hold that).
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QToolTip

from gui.icons import icon as icon  # re-exported: panes take colours and icons from one place
from gui.style import Style

# Greys, dark to light.
VIEWER = "#1c1c1c"
"""Around pictures."""
WELL = "#1f1f1f"
"""Inside fields, lists and the graph."""
PANE = "#2b2b2b"
"""Ground of a pane."""
WINDOW = "#333333"
"""Between panes, menus, bars."""
RAISED = "#434343"
"""Buttons, headers."""
HOVER = "#505050"
PRESSED = "#262626"
LINE = "#161616"
"""Edges between panes."""
EDGE = "#5a5a5a"
"""Edges of fields and buttons."""
TICK = "#949494"
"""Edges of check boxes: an empty one must be seen."""
TEXT = "#dedede"
DIM = "#a8a8a8"
"""Labels of less weight."""
FAINT = "#7c7c7c"
"""Disabled; the one grey that need not be read."""

# The only colours.
ACCENT = "#e6a23c"
"""Focus, selection, what is on."""
CLONE = "#e0813c"
ACCENT_DIM = "#6b5128"
"""Ground of selected rows under light text."""
ERROR = "#ff7a6b"
ERROR_GROUND = "#5c2620"
WARNING = "#e8c35a"
GOOD = "#7fc474"
INFO = "#7fb2e5"

FIT = {
    "fitted": GOOD,
    "stale": WARNING,
    "fitting": INFO,
    "failed": ERROR,
    "missing": ERROR,
    "none": FAINT,
}
"""The dot on fit nodes."""
CACHED = {"ram": "#6fb96a", "disk": "#4d7fa8", "stale": "#8a6a2f"}
"""The cached bar: in memory, on disk, of an older state."""

NODE = {
    "Input": "#5a5f63",
    "Output": "#8a7a4a",
    "Time": "#5d6b53",
    "Fit": "#54687c",
    "Edit": "#7d5f75",
    "Composite": "#5f6f8c",
    "": "#5a5a5a",
}
"""Ground of a node by category: muted, so that the graph stays quiet beside pictures."""
NODE_TYPE = {"Viewer": "#7a7545", "FitCoDeF": "#4a6f94", "Paint": "#7f5a80"}
UNKNOWN_NODE = "#7a3a34"

WIRE = {
    "image": "#b4b4b4",
    "field": "#7fa9d6",
    "flow": "#8fbf86",
    "groups": "#cf9fc6",
}
"""Wires by the type of what runs in them."""

# Sizes in device-independent pixels.
GAP = 4
MARGIN = 8
ROW = 24
"""Height of a line of controls."""
BAR = 30
"""Height of a tool bar."""
ICON = 16
RADIUS = 3

_FONTS = ("Inter", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans", "DejaVu Sans")
_MONO = ("JetBrains Mono", "Cascadia Mono", "SF Mono", "Consolas", "Noto Sans Mono",
         "DejaVu Sans Mono")  # fmt: skip
SIZE = 9.0
"""Points of plain text."""
SMALL = 8.0


def colour(name: str, alpha: float = 1.0) -> QColor:
    """A colour of this module with an opacity."""
    made = QColor(name)
    made.setAlphaF(alpha)
    return made


def node_colour(type_name: str, category: str) -> QColor:
    """Ground of a node."""
    return QColor(NODE_TYPE.get(type_name) or NODE.get(category, NODE[""]))


def font(size: float = SIZE, *, bold: bool = False) -> QFont:
    """The program's font; the first family of the list that is there."""
    made = _first(_FONTS, size, QFontDatabase.SystemFont.GeneralFont)
    made.setBold(bold)
    return made


def mono(size: float = SIZE) -> QFont:
    """A font whose digits are of one width: frame numbers, samples."""
    return _first(_MONO, size, QFontDatabase.SystemFont.FixedFont)


def contrast(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2 defines it, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def apply(app: QApplication) -> None:
    """Gives the program its look: Fusion with our ticks, palette and sheet."""
    style = Style(edge=TICK, faint=FAINT, ground=WELL, lit=ACCENT, mark=TEXT)
    style.setParent(app)
    app.setStyle(style)
    app.setFont(font())
    app.setPalette(palette())
    QToolTip.setFont(font(SMALL))
    app.setStyleSheet(SHEET)
    app.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, True)


def palette() -> QPalette:
    """Our greys as Qt's roles."""
    made = QPalette()
    role = QPalette.ColorRole
    for which, name in (
        (role.Window, WINDOW),
        (role.WindowText, TEXT),
        (role.Base, WELL),
        (role.AlternateBase, "#252525"),
        (role.Text, TEXT),
        (role.PlaceholderText, FAINT),
        (role.Button, RAISED),
        (role.ButtonText, TEXT),
        (role.BrightText, ERROR),
        (role.ToolTipBase, "#111111"),
        (role.ToolTipText, TEXT),
        (role.Highlight, ACCENT_DIM),
        (role.HighlightedText, "#ffffff"),
        (role.Accent, ACCENT),
        (role.Link, ACCENT),
        (role.LinkVisited, ACCENT),
        (role.Light, HOVER),
        (role.Midlight, RAISED),
        (role.Mid, PANE),
        (role.Dark, LINE),
        (role.Shadow, "#000000"),
    ):
        made.setColor(which, QColor(name))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(FAINT))
    return made


def _first(families: tuple[str, ...], size: float, system: QFontDatabase.SystemFont) -> QFont:
    there = set(QFontDatabase.families())
    found = [family for family in families if family in there]
    made = QFont(found) if found else QFontDatabase.systemFont(system)
    made.setPointSizeF(size)
    return made


def _luminance(name: str) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    made = QColor(name)
    red, green, blue = linear(made.redF()), linear(made.greenF()), linear(made.blueF())
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


SHEET = f"""
QMainWindow, QDialog {{ background: {WINDOW}; }}
QMainWindow::separator {{ background: {LINE}; width: 4px; height: 4px; }}
QMainWindow::separator:hover {{ background: {ACCENT_DIM}; }}
QSplitter::handle {{ background: {LINE}; }}
QSplitter::handle:hover {{ background: {ACCENT_DIM}; }}

QDockWidget {{ color: {DIM}; }}
QDockWidget > QWidget {{ background: {PANE}; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{
  background: {WINDOW}; color: {DIM}; padding: 4px 12px; border: 0;
  border-top: 2px solid transparent; border-right: 1px solid {LINE};
}}
QTabBar::tab:selected {{ background: {PANE}; color: {TEXT}; border-top: 2px solid {ACCENT}; }}
QTabBar::tab:hover:!selected {{ background: {RAISED}; color: {TEXT}; }}
#nodePanel QTabBar::tab {{ padding: 4px 9px; }}
QTabWidget::pane {{ border: 0; background: {PANE}; }}

QMenuBar {{ background: {WINDOW}; padding: 1px 4px; }}
QMenuBar::item {{ padding: 4px 9px; background: transparent; border-radius: {RADIUS}px; }}
QMenuBar::item:selected {{ background: {HOVER}; }}
QMenu {{ background: {PANE}; border: 1px solid {EDGE}; padding: 4px 0; }}
QMenu::item {{ padding: 4px 28px 4px 24px; }}
QMenu::item:selected {{ background: {ACCENT_DIM}; color: #ffffff; }}
QMenu::item:disabled {{ color: {FAINT}; background: transparent; }}
QMenu::separator {{ height: 1px; background: {RAISED}; margin: 4px 8px; }}
QMenu::indicator {{ width: 12px; height: 12px; left: 7px; }}
QToolTip {{ background: #111111; color: {TEXT}; border: 1px solid {EDGE}; padding: 4px 6px; }}
QStatusBar {{ background: {WINDOW}; color: {DIM}; border-top: 1px solid {LINE}; }}
QStatusBar::item {{ border: 0; }}

QPushButton {{
  background: {RAISED}; border: 1px solid {LINE}; border-radius: {RADIUS}px;
  padding: 4px 12px; min-height: 16px;
}}
QPushButton:hover {{ background: {HOVER}; }}
QPushButton:pressed, QPushButton:checked {{ background: {PRESSED}; border-color: {ACCENT}; }}
QPushButton:default {{ border-color: {ACCENT}; }}
QPushButton:focus {{ border-color: {ACCENT}; }}
QPushButton:disabled {{ color: {FAINT}; background: {WINDOW}; }}
QToolButton {{
  background: transparent; border: 1px solid transparent; border-radius: {RADIUS}px; padding: 3px;
}}
QToolButton:hover {{ background: {HOVER}; }}
QToolButton:pressed {{ background: {PRESSED}; }}
QToolButton:checked {{ background: {ACCENT_DIM}; color: #ffffff; }}
QToolButton:disabled {{ color: {FAINT}; }}

QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox {{
  background: {WELL}; border: 1px solid {RAISED}; border-radius: {RADIUS}px; padding: 2px 5px;
  selection-background-color: {ACCENT_DIM}; selection-color: #ffffff;
}}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus {{
  border-color: {ACCENT};
}}
QLineEdit:disabled, QAbstractSpinBox:disabled {{ color: {FAINT}; background: {PANE}; }}
QComboBox {{
  background: {RAISED}; border: 1px solid {LINE}; border-radius: {RADIUS}px;
  padding: 2px 6px; min-height: 17px;
}}
QComboBox:hover {{ background: {HOVER}; }}
QComboBox:focus {{ border-color: {ACCENT}; }}
QComboBox:editable {{ background: {WELL}; border-color: {RAISED}; padding: 0; min-height: 21px; }}
QComboBox QLineEdit {{ border: 0; padding: 0 5px; }}
QComboBox QAbstractItemView {{
  background: {PANE}; border: 1px solid {EDGE}; selection-background-color: {ACCENT_DIM};
}}

QAbstractItemView {{
  background: {WELL}; border: 1px solid {LINE}; outline: 0;
  selection-background-color: {ACCENT_DIM}; selection-color: #ffffff;
}}
QHeaderView::section {{
  background: {WINDOW}; color: {DIM}; border: 0; border-right: 1px solid {LINE}; padding: 3px 6px;
}}
QTreeView::item, QListView::item {{ padding: 2px 0; }}
QMessageBox QLabel#qt_msgbox_label {{ font-weight: bold; }}
QMessageBox QLabel#qt_msgbox_informativelabel {{ min-width: 380px; }}
QGroupBox {{ border: 1px solid {RAISED}; border-radius: {RADIUS}px; margin-top: 9px; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 8px; padding: 0 3px; color: {DIM}; }}
QScrollArea {{ border: 0; background: transparent; }}
QScrollBar:vertical {{ background: transparent; width: 11px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 11px; margin: 0; }}
QScrollBar::handle {{ background: {RAISED}; border-radius: 4px; margin: 1px; }}
QScrollBar::handle:vertical {{ min-height: 24px; }}
QScrollBar::handle:horizontal {{ min-width: 24px; }}
QScrollBar::handle:hover {{ background: {EDGE}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{
  background: {WELL}; border: 1px solid {LINE}; border-radius: {RADIUS}px; text-align: center;
  color: {TEXT}; max-height: 14px; min-height: 14px;
}}
QProgressBar::chunk {{ background: {ACCENT_DIM}; border-radius: 2px; }}
"""
