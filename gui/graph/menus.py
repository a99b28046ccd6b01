"""The menus of the graph: for those who look instead of typing."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from codef_nodes.graph.document import Document
from gui.graph.catalogue import Entry, candidates
from gui.graph.look import swatch
from gui.graph.places import Hit

if TYPE_CHECKING:
    from gui.graph.pane import GraphPane

_ORDER = ("Input", "Time", "Fit", "Edit", "Composite", "Output", "Graph")
_NODE = (
    ("open", "rename", "disable"),
    ("copy", "cut", "duplicate", "delete", "extract"),
    ("clone", "copy_clones", "declone"),
    ("disconnect", "swap"),
    ("view_1", "frame", "tidy"),
)
_DESK = (
    ("create", "load", "backdrop", "note"),
    ("paste", "select_all", "find"),
    ("tidy", "frame"),
)
_SWATCHES = "QMenu::item { padding-left: 8px; } QMenu::icon { padding-left: 10px; }"


def add_categories(menu: QMenu, document: Document, choose: Callable[[str], object]) -> None:
    """Adds a submenu for each category of nodes.

    Args:
        menu: Where they are added.
        document: Knows the node classes.
        choose: Gets the id of the entry that was chosen.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in candidates(document):
        groups.setdefault(entry.cls.category, []).append(entry)
    places = {name: place for place, name in enumerate(_ORDER)}
    for category in sorted(groups, key=lambda name: (places.get(name, len(places)), name)):
        submenu = menu.addMenu(category)
        submenu.setToolTipsVisible(True)
        submenu.setStyleSheet(_SWATCHES)
        # A class whose nodes are called by their operation is listed as these.
        split = {e.cls.type for e in groups[category] if e.stem != e.cls.type}
        for entry in groups[category]:
            if bool(entry.operation) != (entry.cls.type in split):
                continue
            action = submenu.addAction(swatch(entry.cls.type, entry.cls.category), entry.title)
            action.setIconVisibleInMenu(True)
            action.setToolTip(entry.cls.help)
            action.triggered.connect(lambda _=False, name=entry.id: choose(name))


def popup(pane: "GraphPane", at: QPoint, hit: Hit) -> None:
    """Opens the menu of the right button.

    Args:
        pane: The graph.
        at: Place in the view.
        hit: What is there.
    """
    on_node = hit.kind in ("node", "header")
    if hit.name and on_node and hit.name not in pane.editor.selection:
        pane.editor.selection.set([hit.name])
    menu = QMenu(pane)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for group in _NODE if on_node else _DESK:
        for name in group:
            menu.addAction(pane.editor.actions.menu_action(f"graph.{name}", menu))
        menu.addSeparator()
    if not on_node:
        place = pane.view.mapToScene(at)
        add_categories(
            menu,
            pane.editor.project.document,
            lambda name: pane.create_at(name, (place.x(), place.y())),
        )
    menu.popup(pane.view.viewport().mapToGlobal(at))
