"""The clips that pictures of the manual are taken of: the demo's, real or rendered."""

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from codef_nodes.graph.commands import SetKnob
from codef_nodes.graph.serialise import load, save
from engine.errors import InputError
from gui.project.demo import OWN, REAL, place

ROOT = Path(__file__).resolve().parents[2]
Line = tuple[tuple[float, float], ...]


def wave(start: tuple[float, float], end: tuple[float, float], height: float) -> Line:
    """A stroke in three bends, as a hand draws it."""
    points = []
    for step in range(41):
        t = step / 40
        x = start[0] + t * (end[0] - start[0])
        y = start[1] + t * (end[1] - start[1]) + height * math.sin(6 * math.pi * t)
        points.append((x, y))
    return tuple(points)


@dataclass(frozen=True)
class Subject:
    """A clip, and what of it is worth a picture.

    Attributes:
        graph: The demo document of the clip.
        clip: Name of the clip's folder.
        frame: A frame that shows it well.
        layer: The layer of the fit that the demo paints on.
        colour: Of the stroke.
        size: Of the stroke.
        demo_stroke: Drawn on the canonical of the demo.
        stroke: Drawn on the canonical of the tutorial's fit, which has one layer.
    """

    graph: str
    clip: str
    frame: int
    layer: int
    colour: tuple[float, float, float]
    size: float
    demo_stroke: Line
    stroke: Line


SUBJECTS = {
    "city": Subject(
        graph=REAL,
        clip="city",
        frame=60,
        layer=0,
        colour=(1.6, 0.9, 0.05),
        size=6.0,
        demo_stroke=wave((318.0, 226.0), (392.0, 222.0), 3.0),
        stroke=wave((342.0, 130.0), (424.0, 134.0), 14.0),
    ),
    "balloon": Subject(
        graph=OWN,
        clip="balloon",
        frame=30,
        layer=1,
        colour=(0.1, 1.2, 0.5),
        size=10.0,
        demo_stroke=wave((60.0, 250.0), (260.0, 240.0), 12.0),
        stroke=wave((60.0, 250.0), (260.0, 240.0), 12.0),
    ),
}


def prepare(folder: Path, *, offline: bool, seconds: float | None = None) -> tuple[Subject, Path]:
    """The clip and the fitted demo document; what is there is not made again.

    Args:
        folder: Receives both.
        offline: Render the program's own clip; else the real one is fetched, if that works.
        seconds: Time of the fit; None: as the document says.

    Raises:
        InputError: One of the steps failed.
    """
    clip = ["codef_nodes.demo.clip", str(folder / "source"), *(["--offline"] if offline else [])]
    said = _run(clip)
    name = str(json.loads(said.strip().splitlines()[-1])["name"])
    subject = SUBJECTS[name]
    document = place(folder, subject.graph)
    if seconds is not None:  # in the document: a fit with another time is stale
        changed = load(document)
        SetKnob("Fit", "seconds", seconds).run(changed)
        save(changed, document)
    _run(["codef_nodes", "render", str(document), "--node", "Fit", "--frames", str(subject.frame)])
    return subject, document


def _run(step: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *step], cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        raise InputError(f"python -m {' '.join(step)} failed; its message is above")
    return done.stdout
