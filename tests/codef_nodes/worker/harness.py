"""A worker in this process, with small node classes, behind a real socket; and a real one."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import codef_nodes.worker.serving as serving
from codef_nodes.graph.commands import AddNode, Connect
from codef_nodes.graph.document import Document
from codef_nodes.worker.client import Client
from codef_nodes.worker.runfolder import RunFolder
from codef_nodes.worker.server import Worker
from codef_nodes.worker.transport import listen
from codef_nodes.worker.verbs import load_verbs
from tests.codef_nodes.cli.tinyclip import make_clip, write_png
from tests.codef_nodes.graph.small_nodes import REGISTRY

TOKEN = "0123456789abcdef0123456789abcdef"


@dataclass
class Inside:
    """What ``Client`` takes for a process."""

    address: str
    run_dir: Path
    token: str = TOKEN

    def end(self):
        """Nothing: the worker ends when the line does."""


@contextmanager
def worker_inside(role="view", registry=REGISTRY, **client_options):
    """A client and the worker that it talks to; both in this process."""
    folder = RunFolder()
    listener = listen(folder.path)
    door = serving.Door(listener, TOKEN, role)
    worker = Worker(role, folder.path, load_verbs(role), registry=registry)

    def hear():
        door.came.wait(10)
        if door.line is not None:
            worker.serve(door.line)
        worker.end()

    thread = threading.Thread(target=hear)
    thread.start()
    client = Client(role, start=lambda: Inside(listener.address, folder.path), **client_options)
    try:
        yield client, worker
    finally:
        client.close()
        listener.close()
        door.came.set()
        thread.join(5)
        folder.close()


def opened(client, document, path=None, **more):
    """Opens a document in a worker."""
    return client.request(
        "open", {"tree": document.tree(), "path": None if path is None else str(path), **more}
    ).result(20)


def clip_document(folder):
    """A tiny clip on disk and a document that loads it and grades it."""
    make_clip(folder / "clip")
    document = Document()
    AddNode("LoadSequence", "Clip", knobs={"file": "clip"}).run(document)
    AddNode("ImageOperation", "Grade", knobs={"grade_gain": [0.5, 0.5, 0.5]}).run(document)
    AddNode("Viewer", "Viewer1").run(document)
    Connect("Clip", "Grade", "image").run(document)
    Connect("Grade", "Viewer1", "image").run(document)
    return document


def slow_document(folder):
    """A document whose node Flow works for seconds, in a way that is of no other use."""
    folder.mkdir()
    noise = np.random.default_rng(3)
    for frame in (1, 2):
        write_png(folder / f"n.{frame}.png", noise.integers(0, 255, (1080, 1920, 3), np.uint8))
    document = Document()
    AddNode("LoadSequence", "Clip", knobs={"file": str(folder)}).run(document)
    AddNode("OpticalFlow", "Flow", knobs={"preset": "fine"}).run(document)
    Connect("Clip", "Flow", "image").run(document)
    return document
