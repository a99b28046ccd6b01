"""Postage stamps: small pictures on clip nodes, as on Nuke's Read nodes, and on those that Alt+P
puts one on."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from codef_nodes.graph.flags import STAMP as STAMP_FLAG
from codef_nodes.graph.flags import flag
from codef_nodes.graph.jsonvalue import JSON
from engine.arrays import AnyArray
from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.workers import Request
from gui.graph.metrics import STAMP
from gui.graph.scene import GraphScene
from gui.viewer.display import Look, show
from gui.viewer.fetch import CANCELLED
from gui.viewer.views import default_view

_PREFERENCE = "stamps"
_TYPE = "LoadSequence"
_AFTER = 700  # ms of calm: the viewers come first
_SHARP = 2  # pixels of a stamp for each unit of the desk


class Stamps(QObject):
    """Asks for one small picture after the other and hands them to the scene.

    Args:
        editor: Whose clips.
        scene: Shows them.
        parent: The pane.
    """

    _made = Signal(str, object)

    def __init__(self, editor: Editor, scene: GraphScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor, self._scene = editor, scene
        self._shown: dict[str, tuple[int, ...]] = {}
        self._request: Request | None = None
        self._convert = ThreadPoolExecutor(1, thread_name_prefix="codef-stamp")
        self._timer = QTimer(self, singleShot=True, interval=_AFTER)
        self._timer.timeout.connect(self._next)
        self._made.connect(self._place, Qt.ConnectionType.QueuedConnection)
        editor.project.changed.connect(self._later)
        editor.project.replaced.connect(self._forget)
        editor.project.safe_changed.connect(self._later)
        editor.workers_started.connect(self._hear)
        editor.preferences.changed.connect(self._preferred)
        self.destroyed.connect(partial(self._convert.shutdown, wait=False))
        if editor.workers is not None:
            self._hear()

    def wanted(self, name: str) -> bool:
        """Whether a node has a stamp: as it says itself, else clips have one."""
        document = self._editor.project.document
        if name not in document:
            return False
        said = flag(document, name, STAMP_FLAG)
        clip = document.state(name).type == _TYPE
        return clip and bool(self._editor.preferences.get(_PREFERENCE)) if said is None else said

    def _later(self, *_: object) -> None:
        self._timer.start(_AFTER)

    def _hear(self) -> None:
        workers = self._editor.workers
        if workers is not None:
            workers.view.state_changed.connect(self._later)
        self._later()

    def _preferred(self, name: str) -> None:
        if name == _PREFERENCE:
            self._forget()

    def _forget(self) -> None:
        for name in self._shown:
            self._scene.show_stamp(name, None)
        self._shown.clear()
        self._later()

    def _next(self) -> None:
        """Asks for the first stamp that is missing or old."""
        workers, document = self._editor.workers, self._editor.project.document
        if self._request is not None or workers is None or not workers.view.alive:
            return
        if self._editor.project.safe:
            return
        for name in [name for name in self._shown if not self.wanted(name)]:
            del self._shown[name]
            self._scene.show_stamp(name, None)
        for name in filter(self.wanted, document.nodes):
            signature = self._editor.viewing.signature(name)
            if self._shown.get(name) != signature:
                break
        else:
            return
        self._shown[name] = signature
        self._request = workers.view.request(
            "info", {"node": name}, partial(self._ask, name), partial(self._lost, name)
        )

    def _ask(self, name: str, told: dict[str, Any]) -> None:
        workers, size = self._editor.workers, told.get("format")
        if workers is None or not size:
            self._request = None
            return
        first, last = told.get("first"), told.get("last")
        frame = None if first is None or last is None else (first + last) // 2
        fitting = [s for s in (8, 4, 2) if size[0] / s >= STAMP[0] * _SHARP]
        args: dict[str, JSON] = {"node": name, "frame": frame, "slot": "stamp", "keep": True}
        args |= {"region": None, "scale": (fitting or [1])[0]}
        self._request = workers.view.request(
            "view", args, partial(self._got, name), partial(self._lost, name)
        )

    def _got(self, name: str, answer: dict[str, Any]) -> None:
        workers = self._editor.workers
        self._request = None
        if workers is None:
            return
        with contextlib.suppress(CodefError):  # dropped for want of room: no stamp then
            pixels = workers.view.open_picture(answer["picture"])
            preferences = self._editor.preferences
            look = Look(default_view(str(preferences.get("display")), str(preferences.get("view"))))
            aspect = float(answer["picture"]["aspect"])
            self._convert.submit(self._make, name, pixels, look, aspect)
        self._timer.start(0)

    def _make(self, name: str, pixels: AnyArray, look: Look, aspect: float) -> None:
        """Runs in a thread of its own."""
        with contextlib.suppress(CodefError, RuntimeError):  # the window was closed meanwhile
            self._made.emit(name, stamp_of(show(pixels, look), aspect))

    def _place(self, name: str, image: QImage) -> None:
        if not self.wanted(name):  # it was taken off while the picture came
            return
        self._scene.show_stamp(name, QPixmap.fromImage(image))

    def _lost(self, name: str, error: CodefError) -> None:
        """What is wrong with a clip is said on its node; what an edit cancelled is asked anew."""
        self._request = None
        if error.code == CANCELLED:
            self._shown.pop(name, None)
        self._later()


def stamp_of(codes: AnyArray, aspect: float) -> QImage:
    """A picture as small as a stamp.

    Args:
        codes: uint32 [H, W], as ``show`` makes them.
        aspect: Width of a pixel by its height.
    """
    height, width = codes.shape
    image = QImage(codes.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    size = QSizeF(width * aspect, height)
    size.scale(QSizeF(*STAMP) * _SHARP, Qt.AspectRatioMode.KeepAspectRatio)
    smooth = Qt.TransformationMode.SmoothTransformation
    exact = Qt.AspectRatioMode.IgnoreAspectRatio
    return image.scaled(size.toSize().expandedTo(QSize(1, 1)), exact, smooth)
