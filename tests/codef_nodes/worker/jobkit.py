"""A real worker of the role ``jobs``, a small clip, and a graph that fits and writes it."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from codef_nodes.graph.commands import AddNode, Command, Connect
from codef_nodes.graph.document import Document
from codef_nodes.worker.client import Call, Client

WIDTH, HEIGHT, COUNT = 96, 72, 8


def make_clip(folder: Path, count: int = COUNT, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Path:
    """A pan over a smooth texture as PNG files."""
    folder.mkdir(parents=True)
    width, height = size
    noise = np.random.default_rng(3).random((height * 2, width * 3, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2.0)
    soft = (soft - soft.min()) / (soft.max() - soft.min())
    big = np.rint(20 + 210 * soft).astype(np.uint8)
    for i in range(count):
        shot = big[10 + i : 10 + i + height, 12 + 2 * i : 12 + 2 * i + width]
        (folder / f"shot.{1001 + i}.png").write_bytes(cv2.imencode(".png", shot)[1].tobytes())
    return folder


def shot_graph(folder: Path, **knobs: Any) -> Document:
    """Load, fit, canonical view, paint, propagate and write."""
    document = Document()
    commands: list[Command] = [
        AddNode("LoadSequence", "Load", knobs={"file": str(folder / "clip")}),
        AddNode("FitCoDeF", "Fit", knobs={"steps": 2, **knobs}),
        AddNode("CanonicalView", "Still"),
        AddNode("Paint", "Paint"),
        AddNode("Propagate", "Carry"),
        AddNode("WriteSequence", "Write", knobs={"file": str(folder / "out" / "out.%04d.png")}),
        Connect("Load", "Fit", "clip"),
        Connect("Fit", "Still", "field"),
        Connect("Still", "Paint", "image"),
        Connect("Load", "Carry", "source"),
        Connect("Fit", "Carry", "field"),
        Connect("Paint", "Carry", "edit"),
        Connect("Carry", "Write", "image"),
    ]
    for command in commands:
        command.run(document)
    return document


class Heard:
    """The events of a request, with something to wait for."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._news = threading.Condition()

    def __call__(self, name: str, data: dict[str, Any]) -> None:
        with self._news:
            self.events.append((name, data))
            self._news.notify_all()

    def of(self, name: str) -> list[dict[str, Any]]:
        """Data of all events of a name."""
        return [data for event, data in list(self.events) if event == name]

    def wait(self, condition: Callable[[], object], seconds: float = 240.0) -> None:
        """Waits until something holds after an event."""
        until = time.monotonic() + seconds
        with self._news:
            while not condition():
                left = until - time.monotonic()
                if left <= 0:
                    raise TimeoutError("the worker did not say what was waited for")
                self._news.wait(left)


class Line:
    """A jobs worker with a document open."""

    def __init__(self, document: Document, path: Path) -> None:
        self.client = Client("jobs")
        self.document = document
        self.open(path)

    def open(self, path: Path) -> None:
        """Gives the worker the document."""
        tree = self.document.tree()
        self.ask("open", tree=tree, path=str(path))

    def ask(self, verb: str, **args: Any) -> dict[str, Any]:
        """The answer to a request."""
        return self.client.request(verb, args).result(60)

    def begin(self, verb: str, **args: Any) -> tuple[Call, Heard]:
        """A request under way and what it says."""
        heard = Heard()
        return self.client.request(verb, args, event=heard), heard
