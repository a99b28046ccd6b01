"""What a fit has reached, as field folders that the other worker can use meanwhile."""

import contextlib
import logging
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.document import Document
from codef_nodes.worker.verbs import Emit
from engine.errors import CodefError

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker

log = logging.getLogger(__name__)

KEPT = 3
"""Drafts of a fit that stay: the view worker may still be reading the one before the last."""
_OLD = 86400.0
"""Seconds after which what a killed process left behind goes."""
_left: list[Path] = []
"""Folders of this process's earlier requests."""


class Drafts:
    """Writes the drafts of one request and tells the window about them.

    They lie in the cache folder, not in the worker's own: when this process dies, what an artist
    is painting on stays.

    Args:
        worker: Whose cache folder they go to.
        document: Says what kind of node it is.
        emit: Sends the event "draft".

    Attributes:
        psnr: The newest figure that is known of the fit, in dB; drafts that bring none of their
            own are told with it.
    """

    def __init__(self, worker: "Worker", document: Document, emit: Emit) -> None:
        self._document, self._emit = document, emit
        self.psnr: float | None = None
        self._root = worker.cache_dir / "drafts" / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._written: dict[str, list[Path]] = {}
        self._count = 0
        self._off = False
        tidy(worker.cache_dir / "drafts")

    def __call__(self, node: str, value: Any, psnr: float | None, seconds: float) -> None:
        """Takes what was reached; a disk that is full ends drafts, never the fit."""
        if self._off:
            return
        self.psnr = self.psnr if psnr is None else psnr
        self._count += 1
        folder = self._root / f"{node}_{self._count:04d}"
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            self._document.node_class(node)().save_asset(value, folder)
        except (CodefError, OSError) as error:
            log.warning("drafts of %s are no longer written: %s", node, error)
            self._off = True
            return
        kept = self._written.setdefault(node, [])
        kept.append(folder)
        while len(kept) > KEPT:
            shutil.rmtree(kept.pop(0), ignore_errors=True)
        self._emit(
            "draft", {"node": node, "field": str(folder), "psnr": self.psnr, "seconds": seconds}
        )

    def close(self) -> None:
        """The request is over; the newest drafts stay until the next request."""
        for kept in self._written.values():
            for folder in kept[:-1]:
                shutil.rmtree(folder, ignore_errors=True)
        if self._written:
            _left.append(self._root)


def tidy(place: Path) -> None:
    """Removes the drafts of requests that are over."""
    while _left:
        shutil.rmtree(_left.pop(), ignore_errors=True)
    with contextlib.suppress(OSError):
        for folder in place.iterdir():
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime > _OLD:
                    shutil.rmtree(folder, ignore_errors=True)
