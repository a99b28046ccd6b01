"""The tool bar of a viewer."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from engine.errors import CodefError
from gui import theme
from gui.core.actions import Actions
from gui.viewer.display import CHANNELS
from gui.viewer.lookfield import LookField
from gui.viewer.views import View, views

SCALES = (1, 2, 4, 8)
_NAME, _SHORT_NAME = 150, 96
"""Room for the name of a node, in a wide and in a narrow viewer."""
OVERLAYS = {
    "grid": "Warp grid",
    "coverage": "Coverage",
    "confidence": "Confidence",
    "folds": "Folds",
    "outlines": "Group outlines",
}
_TITLES = {
    "rgb": "RGB",
    "r": "R",
    "g": "G",
    "b": "B",
    "a": "Alpha",
    "y": "Luma",
    "m": "Matte",
}
_CHANNEL_ACTIONS = {
    "r": "viewer.red",
    "g": "viewer.green",
    "b": "viewer.blue",
    "a": "viewer.alpha",
    "y": "viewer.luminance",
    "m": "viewer.matte",
}


_COMPACT = 660
"""Narrower than this, words are left out."""


class MenuButton(QToolButton):
    """A button that shows what is chosen of a menu."""

    def __init__(self, tip: str) -> None:
        super().__init__()
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setToolTip(tip)
        self.setMenu(QMenu(self))
        self.setStyleSheet("QToolButton { padding: 3px 14px 3px 6px; }")


class Toolbar(QToolBar):
    """Shows and changes how a viewer shows; the pane decides what that means.

    Attributes:
        gain: The factor in linear light.
        gamma: The bend after the view.
    """

    channels_chosen = Signal(str)
    view_chosen = Signal(object)
    scale_chosen = Signal(int)
    layer_chosen = Signal(int)
    compare_chosen = Signal(str)
    overlay_toggled = Signal(str, bool)
    followed = Signal()
    """The node that was chosen by hand is to be given up."""

    def __init__(self, actions: Actions, run: Callable[[str], object]) -> None:
        super().__init__()
        self._actions, self._run = actions, run
        self.setMovable(False)
        self.setIconSize(QSize(theme.ICON, theme.ICON))
        self.setFixedHeight(theme.BAR)
        # A longer name of a node must not move the picture.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setStyleSheet(
            f"QToolBar {{ background: {theme.WINDOW}; border: 0; spacing: 3px; padding: 0 4px; }}"
            f"QToolBar::separator {{ background: {theme.RAISED}; width: 1px; margin: 6px 3px; }}"
        )
        self.name = QLabel()
        self.name.setTextFormat(Qt.TextFormat.RichText)
        self.name.setMinimumWidth(40)
        self.name.setContentsMargins(4, 0, 2, 0)
        self.name.linkActivated.connect(lambda _: self.followed.emit())
        self.addWidget(self.name)
        self.layers = MenuButton("Layer of the fit  (PgUp, PgDown)")
        self._one_layer = QActionGroup(self)
        self._layers_action = self.addWidget(self.layers)
        self._layers_action.setVisible(False)
        self.stills = MenuButton("Still of a long shot")
        self._stills_action = self.addWidget(self.stills)
        self._stills_action.setVisible(False)
        self._compact = False
        self._names: tuple[str | None, str | None, bool] = (None, None, False)
        self._separators = [self.addSeparator()]
        self.channels = MenuButton("Channels")
        self._fill_channels()
        self.addWidget(self.channels)
        self.view = MenuButton("OCIO display and view; never burnt into files")
        self.addWidget(self.view)
        self._separators.append(self.addSeparator())
        self.gain = LookField(
            "gain",
            "Multiplies what is shown, in linear light; the arrows go by one f-stop.",
            stops=True,
            low=2.0**-16,
            high=2.0**16,
        )
        self.gamma = LookField("gamma", "Bends what is shown, after the view.", low=0.05, high=10)
        self.addWidget(self.gain)
        self.addWidget(self.gamma)
        self.addWidget(_spacer())
        self.scale = MenuButton("Resolution of this viewer; renders are always full")
        self._fill_scale()
        self.addWidget(self.scale)
        # What is wanted most comes first: the last ones go behind the chevron.
        self.overlays = MenuButton("Overlays")
        self.overlays.setIcon(theme.icon("grid"))
        self.overlays.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.overlay_actions = self._fill_overlays()
        self.addWidget(self.overlays)
        self.wipe = self._toggle("wipe", "viewer.wipe")
        self.difference = self._toggle("difference", "viewer.difference")
        self.roi = self._toggle("roi", "viewer.roi")
        self._chevron = self.findChild(QToolButton, "qt_toolbar_ext_button")
        if self._chevron is not None:
            self._chevron.setIcon(theme.icon("right"))
            self._chevron.setToolTip("More")
            self._chevron.setStyleSheet("QToolButton { padding: 0; margin: 0; border: 0; }")
            self._chevron.installEventFilter(self)
        self.pause = self._toggle("pause", "viewer.pause")
        self.refresh = self._toggle("refresh", "viewer.refresh", checkable=False)

    def set_names(self, a: str | None, b: str | None, *, chosen: bool) -> None:
        """Shows which nodes are compared.

        Args:
            a: The node of the A side.
            b: The node of the B side, or None while nothing is compared.
            chosen: The artist chose the node; the graph says another one.
        """
        self._names = (a, b, chosen)
        short_a, short_b = self._short(a), self._short(b)
        text = f"<b>{short_a}</b>" if a else f"<span style='color:{theme.FAINT}'>nothing</span>"
        if b:
            text = f"{text}<span style='color:{theme.DIM}'> | {short_b}</span>"
        if chosen:
            dot = f"<a href='graph' style='color:{theme.ACCENT}; text-decoration:none'>&#9679;</a>"
            text = f"{dot} {text}"
        self.name.setText(text)
        bold = QFontMetrics(theme.font(bold=True))
        words = bold.horizontalAdvance(short_a or "nothing")
        words += bold.horizontalAdvance(f" | {short_b}") if b else 0
        self.name.setMinimumWidth(max(words + (24 if chosen else 10), 40))
        tip = f"Shown: {a}" if a else "Nothing is shown"
        if b:
            tip += f", compared with {b}"
        if chosen:
            tip += ", chosen by hand; click the dot to follow the graph again"
        self.name.setToolTip(tip)

    def _short(self, name: str | None) -> str:
        """A name as far as there is room for it."""
        metrics = self.name.fontMetrics()
        room = _SHORT_NAME if self._compact else _NAME
        return metrics.elidedText(name or "", Qt.TextElideMode.ElideMiddle, room)

    def set_channels(self, channels: str) -> None:
        """Shows the channels."""
        self.channels.setText(_TITLES[channels])
        colour = {"r": "#ff8f86", "g": "#8fd18a", "b": "#8fb4ff"}.get(channels, theme.TEXT)
        self.channels.setStyleSheet(
            f"QToolButton {{ padding: 3px 14px 3px 6px; color: {colour}; }}"
        )

    def set_scale(self, scale: int) -> None:
        """Shows the scale; red when it is not full."""
        self.scale.setText("1:1" if scale == 1 else f"1/{scale}")
        colour = theme.TEXT if scale == 1 else theme.ERROR
        self.scale.setStyleSheet(f"QToolButton {{ padding: 3px 14px 3px 6px; color: {colour}; }}")

    def set_view(self, view: View) -> None:
        """Shows the view."""
        short = view.display.split(" - ")[0] if view.view == "Un-tone-mapped" else view.view
        short = short.split(" (")[0]
        self.view.setText(short if len(short) <= 18 else short[:17] + "…")
        self.view.setToolTip(f"Display and view: {view.title}\nNever burnt into files.")

    def fill_views(self) -> None:
        """Fills the menu of displays and views."""
        menu = self.view.menu()
        menu.clear()
        try:
            known = views()
        except CodefError as error:
            menu.addAction(str(error)).setEnabled(False)
            return
        group: dict[str, QMenu] = {}
        for view in known:
            if view.display not in group:
                group[view.display] = menu.addMenu(view.display.removesuffix(" - Display"))
            action = group[view.display].addAction(view.view)
            action.triggered.connect(lambda _=False, chosen=view: self.view_chosen.emit(chosen))

    def set_layers(self, names: list[str], current: int) -> None:
        """Fills the menu of layers; with one layer there is none."""
        self._layers_action.setVisible(len(names) > 1)
        menu = self.layers.menu()
        menu.clear()
        for number, name in enumerate(names):
            action = menu.addAction(f"{number}  {name}")
            action.setCheckable(True)
            action.setChecked(number == current)
            self._one_layer.addAction(action)
            action.triggered.connect(lambda _=False, k=number: self.layer_chosen.emit(k))
        if names:
            self.layers.setText(names[min(current, len(names) - 1)])

    def show_stills(self, shown: bool) -> None:
        """Shows the menu of stills, which a shot with one still does not have."""
        self._stills_action.setVisible(shown)

    def set_compare(self, compare: str, possible: bool) -> None:
        """Shows how A and B are compared, and whether there is a B at all."""
        for button, value in ((self.wipe, "wipe"), (self.difference, "difference")):
            button.setChecked(compare == value)
            button.setEnabled(possible)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """In a narrow viewer words make room for buttons."""
        compact = self.width() < _COMPACT
        if compact != self._compact:
            self._compact = compact
            for field in (self.gain, self.gamma):
                field.set_compact(compact)
            for separator in self._separators:
                separator.setVisible(not compact)
            a, b, chosen = self._names
            self.set_names(a, b, chosen=chosen)
        room = max(self.width() - (_COMPACT - 150 if compact else _COMPACT + 20), 60)
        self.name.setMaximumWidth(room)
        super().resizeEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The chevron shows what had no room: Qt's own menu leaves buttons with a menu out."""
        pressed = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
        if watched is self._chevron and event.type() in pressed:
            self.more().popup(self._chevron.mapToGlobal(self._chevron.rect().bottomLeft()))
            return True
        return super().eventFilter(watched, event)

    def more(self) -> QMenu:
        """A menu of the buttons that there is no room for."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in (self.wipe, self.difference, self.roi, self.pause, self.refresh):
            if button.isVisible():
                continue
            action = menu.addAction(button.toolTip())
            action.setCheckable(button.isCheckable())
            action.setChecked(button.isChecked())
            action.setEnabled(button.isEnabled())
            action.triggered.connect(lambda _=False, chosen=button: chosen.click())
        if not self.overlays.isVisible():
            menu.addSeparator()
            menu.addActions(self.overlays.menu().actions())
        return menu

    def _fill_channels(self) -> None:
        menu = self.channels.menu()
        for channel in CHANNELS:
            action = menu.addAction(_TITLES[channel])
            name = _CHANNEL_ACTIONS.get(channel)
            if name:
                key = self._actions.key_text(name)
                action.setText(f"{_TITLES[channel]}\t{key}")
            action.triggered.connect(lambda _=False, c=channel: self.channels_chosen.emit(c))
        self.set_channels("rgb")

    def _fill_scale(self) -> None:
        menu = self.scale.menu()
        for scale in SCALES:
            key = self._actions.key_text(f"viewer.downrez_{scale}")
            action = menu.addAction(f"{'Full' if scale == 1 else f'1/{scale}'}\t{key}")
            action.triggered.connect(lambda _=False, s=scale: self.scale_chosen.emit(s))
        self.set_scale(1)

    def _fill_overlays(self) -> dict[str, QAction]:
        menu = self.overlays.menu()
        made = {}
        for kind, title in OVERLAYS.items():
            action = menu.addAction(title)
            action.setCheckable(True)
            action.toggled.connect(lambda on, k=kind: self.overlay_toggled.emit(k, on))
            made[kind] = action
        menu.addSeparator()
        made["zebra"] = self._entry(menu, "viewer.zebra")
        hide = self._entry(menu, "viewer.overlays")
        hide.setCheckable(False)
        return made

    def _entry(self, menu: QMenu, name: str) -> QAction:
        action = menu.addAction(
            f"{self._actions.action(name).title}\t{self._actions.key_text(name)}"
        )
        action.setCheckable(True)
        action.triggered.connect(lambda _=False: self._run(name))
        return action

    def _toggle(self, icon: str, name: str, *, checkable: bool = True) -> QToolButton:
        button = QToolButton()
        button.setIcon(theme.icon(icon))
        button.setToolTip(self._actions.tooltip(name))
        button.setCheckable(checkable)
        button.setAutoRaise(True)
        button.clicked.connect(lambda _=False: self._run(name))
        self.addWidget(button)
        return button


def _spacer() -> QWidget:
    """Takes the room that is left."""
    widget = QWidget()
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    widget.setStyleSheet("background: transparent;")
    return widget
