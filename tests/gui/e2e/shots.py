"""A fitted shot on disk, for the tests that need no fit of their own."""

from pathlib import Path

from codef_nodes.__main__ import main
from codef_nodes.graph.commands import AddNode, Connect, Group
from codef_nodes.graph.document import Document
from codef_nodes.graph.serialise import save
from tests.codef_nodes.worker.jobkit import make_clip


def fitted_shot(folder: Path, count: int = 16, size: tuple[int, int] = (160, 90)) -> Path:
    """Fits a clip with the command line; returns a document that paints on it and writes EXR."""
    make_clip(folder / "clip", count, size)
    assert main(["fit", str(folder / "clip"), "--steps", "1", "-o", str(folder / "F"), "-q"]) == 0
    document = Document()
    Group(
        [
            AddNode("LoadSequence", "Clip", (0, 0), {"file": "clip"}),
            AddNode("LoadField", "Fit", (100, 100), {"folder": "F"}),
            AddNode("CanonicalView", "Still", (100, 200)),
            AddNode("Paint", "Paint", (100, 300)),
            AddNode("Propagate", "Carry", (0, 400)),
            AddNode("WriteSequence", "Write", (0, 500), {"file": "out/shot.%04d.exr"}),
            Connect("Fit", "Still", "field"),
            Connect("Still", "Paint", "image"),
            Connect("Clip", "Carry", "source"),
            Connect("Fit", "Carry", "field"),
            Connect("Paint", "Carry", "edit"),
            Connect("Carry", "Write", "image"),
        ]
    ).run(document)
    save(document, folder / "shot.codef")
    return folder / "shot.codef"
