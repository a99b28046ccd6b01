"""What the faces of nodes show, pushed to the window after each change."""

import logging
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.worker.jobs import report_of
from engine.errors import CodefError

if TYPE_CHECKING:
    from codef_nodes.graph.evaluate import Evaluator
    from codef_nodes.worker.server import Worker

log = logging.getLogger(__name__)

_PAUSE = 0.1
"""Seconds to wait after a change, so that a drag does not ask for each of its steps."""


class Faces:
    """Looks at all nodes.

    Args:
        worker: Whose document it is.
    """

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker

    def look(self) -> dict[str, dict[str, str | None]]:
        """Error and state of the fit, by node. Computes no result."""
        if self._worker.mirror.safe:
            return {}
        evaluator = self._worker.mirror.plain_evaluator
        document = evaluator.document
        names = [
            name
            for name in document.nodes
            if document.node_class(name).output is not None or document.state(name).inputs
        ]
        try:
            troubles = evaluator.troubles(names)
        except CodefError as error:  # a cycle
            troubles = {error.node or name: error for name in names[:1]}
        found: dict[str, dict[str, str | None]] = {}
        for name in document.nodes:
            trouble = troubles.get(name)
            # What is wrong above is told above.
            own = trouble is not None and trouble.node in (None, name)
            text = str(trouble.message) if trouble is not None and own else None
            if trouble is None:
                text = self._worker.seen.failure(evaluator, name)
            asset = document.node_class(name).asset
            found[name] = {
                "error": text,
                "fit": evaluator.fit_state(name) if asset else None,
                "note": self._note(evaluator, name) if asset else None,
            }
        return found

    @staticmethod
    def _note(evaluator: "Evaluator", name: str) -> str | None:
        """What the fit in use found out about itself that a person should see."""
        fit = evaluator.assets.current(name, None)
        return None if fit is None else _unexplained(fit.folder)


def _unexplained(folder: Path) -> str | None:
    """What one still does not explain, as a finished fit tells; it is read once."""
    try:
        changed = (folder / "field.json").stat().st_mtime_ns
    except OSError:
        return None
    return _unexplained_in(folder, changed)


@lru_cache(64)
def _unexplained_in(folder: Path, _changed: int) -> str | None:
    conflict = report_of(folder).get("conflict")
    return str(conflict["sentence"]) if isinstance(conflict, dict) else None


class FacePusher:
    """Sends the event ``faces`` after changes: at first everything, then what is another.

    Args:
        worker: Whose faces.
    """

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker
        self._wake = threading.Event()
        self._told: dict[str, Any] = {}
        self._opened = 0
        worker.changed.append(self._wake.set)
        worker.seen.told.append(self._wake.set)
        threading.Thread(target=self._loop, name="codef-faces", daemon=True).start()

    def _loop(self) -> None:
        pause = _PAUSE
        while True:
            self._wake.wait()
            time.sleep(pause)
            self._wake.clear()
            begun = time.monotonic()
            try:
                self._push()
            except CodefError as error:
                log.warning("the faces of the nodes cannot be told: %s", error)
            except Exception:
                log.exception("the faces of the nodes cannot be told")
            # Where a look takes long (a clip of thousands of files), half of the time is left to
            # the pictures.
            pause = max(_PAUSE, time.monotonic() - begun)

    def _push(self) -> None:
        opened = self._worker.mirror.opened
        faces = Faces(self._worker).look()
        if self._opened != opened:
            self._opened, self._told = opened, {}
        news = {name: face for name, face in faces.items() if self._told.get(name) != face}
        self._told = faces
        if news:
            self._worker.emit("faces", None, {"nodes": news})
