"""Keys act on the pane under the cursor: who handles what, and the artist's own keys."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QCursor, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

from engine.errors import UsageError
from gui.core.keyevents import sequences, types_text
from gui.core.keymap import ACTIONS, LAYERED, Action, overlaps
from gui.core.preferences import Preferences

Handler = Callable[[], object]
"""What an action does. One that returns exactly False did not want the key: the next is asked."""

_SHARED = {"viewer": "playback", "paint": "playback", "timeline": "playback"}


@dataclass
class _Registration:
    pane: str
    handlers: dict[str, Handler]
    when: Callable[[], bool] | None

    def active(self) -> bool:
        return self.when is None or self.when()


class Actions(QObject):
    """The table of actions, their keys now, and their handlers.

    Panes call ``register`` once. A key is offered to the innermost registered widget under the
    cursor, then to the widgets around it, then to ``playback`` (viewers and timeline), then to the
    global handlers. While a text field has the focus, what it needs for typing goes to it.
    """

    changed = Signal()
    """A key is another: menus and tooltips update."""

    def __init__(
        self,
        preferences: Preferences,
        table: Iterable[Action] = ACTIONS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._table = {action.id: action for action in table}
        self._panes: dict[QWidget, list[_Registration]] = {}
        self._shared: dict[str, dict[str, Handler]] = {}
        self._by_key: dict[str, list[Action]] = {}
        self._index()
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    # The table.

    @property
    def table(self) -> tuple[Action, ...]:
        """Every action in the order of the sheet."""
        return tuple(self._table.values())

    def action(self, name: str) -> Action:
        """The description of an action.

        Raises:
            UsageError: There is no such action.
        """
        found = self._table.get(name)
        if found is None:
            raise UsageError(f"there is no action {name!r} in gui/core/keymap.py")
        return found

    def keys(self, name: str) -> tuple[str, ...]:
        """The keys of an action now, the artist's own or those shipped."""
        own = self._preferences.get("keys") or {}
        given = own.get(name) if isinstance(own, dict) else None
        if isinstance(given, list) and all(isinstance(key, str) for key in given):
            return tuple(given)
        return self.action(name).keys

    def key_text(self, name: str) -> str:
        """The first key as people read it; empty: none."""
        keys = self.keys(name)
        if not keys:
            return ""
        return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText)

    def tooltip(self, name: str) -> str:
        """Title and key, for buttons."""
        key = self.key_text(name)
        title = self.action(name).title.rstrip("…")
        return f"{title}  ({key})" if key else title

    def set_keys(self, name: str, keys: Iterable[str] | None) -> None:
        """Gives an action other keys; None: those shipped. Remembered in the preferences."""
        shipped = self.action(name).keys
        own = dict(self._preferences.get("keys") or {})
        given = list(shipped if keys is None else keys)
        if tuple(given) == shipped:
            own.pop(name, None)
        else:
            own[name] = given
        self._preferences.set("keys", own)
        self._index()
        self.changed.emit()

    def conflicts(self, name: str, key: str) -> list[Action]:
        """The actions that a key would collide with if this one had it."""
        wanted = QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)
        pane = self.action(name).pane
        return [
            other
            for other in self._by_key.get(wanted, [])
            if other.id != name
            and overlaps(pane, other.pane)
            and frozenset({name, other.id}) not in LAYERED
        ]

    def sheet(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """The shortcut sheet: pane, group, and rows of title and keys."""
        sections: dict[tuple[str, str], list[tuple[str, str]]] = {}
        native = QKeySequence.SequenceFormat.NativeText
        for action in self.table:
            keys = [QKeySequence(key).toString(native) for key in self.keys(action.id)]
            if keys:
                rows = sections.setdefault((action.pane, action.group), [])
                rows.append((action.title.rstrip("…"), ",  ".join(keys)))
        return [(pane, group, rows) for (pane, group), rows in sections.items()]

    # Handlers.

    def register(
        self,
        widget: QWidget | None,
        pane: str,
        handlers: Mapping[str, Handler],
        when: Callable[[], bool] | None = None,
    ) -> None:
        """Says what actions do in a pane.

        Args:
            widget: The pane; keys act on it while the cursor is over it. None for ``global`` and
                ``playback`` handlers.
            pane: The pane's name in the table.
            handlers: Id of an action to a function without arguments.
            when: The handlers count only while this gives True (a brush is in hand). Of several
                registrations of one widget the newest is asked first.

        Raises:
            UsageError: An id that is not in the table, or is of another pane.
        """
        for name in handlers:
            if self.action(name).pane != pane:
                raise UsageError(f"{name} belongs to {self.action(name).pane}, not to {pane}")
        if widget is None:
            self._shared.setdefault(pane, {}).update(handlers)
            return
        if widget not in self._panes:
            self._panes[widget] = []
            widget.destroyed.connect(lambda _=None, key=widget: self._panes.pop(key, None))
        self._panes[widget].insert(0, _Registration(pane, dict(handlers), when))

    def register_default(self, pane: str, handlers: Mapping[str, Handler]) -> None:
        """Handlers of ``global`` or ``playback`` for what nobody has registered."""
        there = self._shared.get(pane, {})
        self.register(None, pane, {k: v for k, v in handlers.items() if k not in there})

    def unregister(self, widget: QWidget) -> None:
        """Forgets a pane."""
        self._panes.pop(widget, None)

    def run(self, name: str, widget: QWidget | None = None) -> bool:
        """Runs an action; returns whether somebody handled it.

        Args:
            name: Id of the action.
            widget: The pane that it is meant for; None: the one under the cursor, else the first
                that handles it.
        """
        chain = self._chain(widget or self.pane_under_cursor())
        if widget is None:
            chain += [other for other in self._panes if other not in chain]
        return any(self._try(action, chain) for action in [self.action(name)])

    def menu_action(self, name: str, parent: QWidget) -> QAction:
        """A QAction with the title and the key of an action, which runs it. The key is shown only:
        keys come through the pane under the cursor."""
        return _MenuAction(self, name, parent)

    def has_handler(self, name: str) -> bool:
        """Whether anybody has registered for an action."""
        return any(
            name in registration.handlers
            for registrations in self._panes.values()
            for registration in registrations
        ) or any(name in handlers for handlers in self._shared.values())

    def pane_under_cursor(self) -> QWidget | None:
        """The registered widget under the cursor, else None."""
        under = QApplication.widgetAt(QCursor.pos())
        chain = self._chain(under)
        return chain[0] if chain else None

    def dispatch(self, keys: list[str], under: QWidget | None, repeated: bool = False) -> bool:
        """Offers a key to whom it belongs; returns whether somebody took it.

        Args:
            keys: The key in the ways it may be written, best first.
            under: Where the key acts.
            repeated: It is held down.
        """
        chain = self._chain(under)
        for key in keys:
            candidates = self._by_key.get(key, [])
            if repeated:
                candidates = [action for action in candidates if action.repeats]
            # The tool in hand, then panes, whatever the order of the table.
            rank = {"paint": 0, "global": 2}
            candidates = sorted(candidates, key=lambda action: rank.get(action.pane, 1))
            if any(self._try(action, chain) for action in candidates):
                return True
        return False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Takes the keys of the program before widgets see them."""
        kind = event.type()
        if kind not in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
            return False
        if not isinstance(watched, QWidget) or not isinstance(event, QKeyEvent):
            return False
        if QApplication.activePopupWidget() or QApplication.activeModalWidget():
            return False
        if types_text(QApplication.focusWidget() or watched, event):
            return False
        keys = sequences(event)
        if not any(key in self._by_key for key in keys):
            return False
        under = self.pane_under_cursor() or watched
        if self._chain(under) == [] and not self._in_main_window(watched):
            return False
        if kind == QEvent.Type.ShortcutOverride:
            # Keeps menu mnemonics (Alt+O) from taking a key that is ours.
            if self._wanted(keys, under):
                event.accept()
                return True
            return False
        return self.dispatch(keys, under, event.isAutoRepeat())

    # Details.

    def _wanted(self, keys: list[str], under: QWidget) -> bool:
        chain = self._chain(under)
        return any(
            next(self._handlers(action, chain), None) is not None
            for key in keys
            for action in self._by_key.get(key, [])
        )

    def _try(self, action: Action, chain: list[QWidget]) -> bool:
        return any(handler() is not False for handler in list(self._handlers(action, chain)))

    def _handlers(self, action: Action, chain: list[QWidget]) -> Iterator[Handler]:
        for widget in chain:
            for registration in self._panes.get(widget, []):
                if registration.active():
                    if action.id in registration.handlers:
                        yield registration.handlers[action.id]
                    shared = _SHARED.get(registration.pane)
                    if shared is not None and action.pane == shared:
                        handler = self._shared.get(shared, {}).get(action.id)
                        if handler is not None:
                            yield handler
        if action.pane == "global":
            handler = self._shared.get("global", {}).get(action.id)
            if handler is not None:
                yield handler

    def _chain(self, widget: QWidget | None) -> list[QWidget]:
        chain = []
        while widget is not None:
            if widget in self._panes:
                chain.append(widget)
            widget = widget.parentWidget()
        return chain

    def _in_main_window(self, widget: QWidget) -> bool:
        window = widget.window()
        return any(pane.window() is window for pane in self._panes) or window.inherits(
            "QMainWindow"
        )

    def _index(self) -> None:
        self._by_key = {}
        portable = QKeySequence.SequenceFormat.PortableText
        for action in self.table:
            for key in self.keys(action.id):
                text = QKeySequence(key).toString(portable)
                self._by_key.setdefault(text, []).append(action)


class _MenuAction(QAction):
    """Follows the keys of its action; Qt unties it when either of the two goes."""

    def __init__(self, actions: Actions, name: str, parent: QWidget) -> None:
        super().__init__(actions.action(name).title, parent)
        self._actions, self._name = actions, name
        self.setObjectName(name)
        # Active only while the menu itself has the focus, so never in a competition with us.
        self.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.update_keys()
        self.triggered.connect(self._run)
        actions.changed.connect(self.update_keys)

    def update_keys(self) -> None:
        """Shows the keys as they are now."""
        self.setShortcuts([QKeySequence(key) for key in self._actions.keys(self._name)])

    def _run(self) -> None:
        self._actions.run(self._name)
