"""Everything that a QC sheet shows, gathered once for the PNG and the page."""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

import numpy as np

from codef_nodes.work.qc.pictures import (
    coverage_map,
    doubtful,
    pin_map,
    still_map,
    with_checker,
)
from codef_nodes.work.qc.plots import BLUE, GREEN, ORANGE, Line, Plot
from engine.arrays import F32, U8
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.metrics.psnr import clip_score
from engine.metrics.review import Review, review
from engine.progress import Task


@dataclass(frozen=True, eq=False)
class Contents:
    """A QC sheet before it is drawn.

    Attributes:
        title: Name of the field.
        facts: Name and value, in the order in which they are shown.
        review: The figures.
        layers: Names of the layers.
        height: Of the frames, for places counted from the bottom.
        checker: Frame numbers and frames with the checker.
        worst: Frame numbers and the worst frames with what is doubtful in orange.
        stills: The canonical image of each layer.
        coverage: A map for each layer.
        pins: A map for each layer.
        plots: Jitter, confidence, PSNR.
        groups: What one canonical image does not explain, and what to do; empty where it explains
            the shot.
    """

    title: str
    facts: list[tuple[str, str]]
    review: Review
    layers: list[str]
    height: int
    checker: list[tuple[int, U8]]
    worst: list[tuple[int, U8]]
    stills: list[U8]
    coverage: list[U8]
    pins: list[U8]
    plots: list[Plot]
    groups: list[str] = dataclass_field(default_factory=list)

    def answer(self) -> dict[str, Any]:
        """The figures, JSON-able."""
        found = self.review
        return {
            "psnr": clip_score([each.psnr for each in found.frames]),
            "psnr_edit_path": clip_score([each.psnr_edit_path for each in found.frames]),
            "confidence": _mean([each.confidence for each in found.frames]),
            "fold_share": _mean([each.fold_share for each in found.frames]),
            "layers": [
                {
                    "layer": k,
                    "name": name,
                    "jitter_px": each.jitter.jitter,
                    "drift_px": each.jitter.drift,
                    "variance": each.jitter.variance,
                    "coverage": float(each.coverage[each.coverage > 0].mean())
                    if (each.coverage > 0).any()
                    else 0.0,
                }
                for k, (name, each) in enumerate(zip(self.layers, found.layers, strict=True))
            ],
            "worst_frames": [
                {"frame": each.frame, "confidence": each.confidence, "psnr": each.psnr}
                for each in found.worst()
            ],
            "groups": self.groups,
            "next_pins": [
                {
                    "layer": spot.layer,
                    "frame": spot.frame,
                    "x": spot.point[0],
                    "y": spot.point[1],
                    "confidence": spot.confidence,
                    "frames": spot.frames,
                    "worth": spot.worth,
                }
                for spot in found.spots
            ],
        }


def _mean(values: list[float]) -> float:
    known = [value for value in values if value == value]
    return sum(known) / len(known) if known else float("nan")


def gather(
    field: Field, read_plate: Callable[[int], Picture], title: str, working: str, task: Task
) -> Contents:
    """Looks at a whole field.

    Args:
        field: The field.
        read_plate: Frame number to source picture.
        title: Name of the field.
        working: The working space.
        task: Progress and cancel.

    Raises:
        CodefError: The clip cannot be read or has another size.
        Cancelled: The person stopped the work.
    """
    found = review(field, read_plate, task.part(0.0, 0.9))
    count = len(field.frames)
    five = [field.frames[i] for i in sorted({round(n * (count - 1) / 4) for n in range(5)})]
    task.report(0.9, "checker")
    checker = with_checker(field, five, read_plate, working)
    task.report(0.95, "worst frames")
    worst = [
        (each.frame, doubtful(field, read_plate(each.frame), each.frame, working))
        for each in found.worst()
    ]
    names = [layer.name for layer in field.layers]
    contents = Contents(
        title,
        [],
        found,
        names,
        field.display.height,
        checker,
        worst,
        [still_map(field, found, k, working) for k in range(len(names))],
        [coverage_map(found, k) for k in range(len(names))],
        [pin_map(field, found, k, working) for k in range(len(names))],
        _plots(field, found),
    )
    contents.groups.extend(_groups(field, read_plate, task.part(0.97, 1.0)))
    contents.facts.extend(_facts(field, contents.answer()))
    task.report(1.0, "QC sheet")
    return contents


def _groups(field: Field, read_plate: Callable[[int], Picture], task: Task) -> list[str]:
    """What one still does not explain, and what of it motion tells apart."""
    from engine.colour.encoding import encode, to_display8
    from engine.fit.conflict import what_next
    from engine.fit.conflict_after import find_conflict
    from engine.fit.propose import propose_group, small_frames, small_picture

    def encoded(index: int) -> F32:
        return encode(read_plate(field.frames[index]).rgb)

    conflict = find_conflict(field, encoded, task.part(0.0, 0.2))
    if conflict is None:
        return []
    behind = conflict.layer == field.layers[-1].name
    said = [conflict.sentence(), what_next(behind)]
    if not behind:
        return said

    def codes(frame: int) -> U8:
        return to_display8(np.nan_to_num(read_plate(frame).rgb))

    def covered(index: int) -> U8:
        share = 1 - field.coverage(index)[-1]
        return small_picture(np.asarray(np.rint(255 * share), np.uint8))

    small = small_frames(codes, field.frames, task.part(0.2, 0.5))
    known = [covered(index) for index in range(len(field.frames))]
    found = propose_group(small, task.part(0.5, 1.0), known if len(field.layers) > 1 else None)
    return said if found is None else [said[0], found.sentence(field.frames), said[1]]


def _facts(field: Field, answer: dict[str, Any]) -> list[tuple[str, str]]:
    frames = f"{field.frames[0]}-{field.frames[-1]} ({len(field.frames)})"
    jitter = max((each["jitter_px"] for each in answer["layers"]), default=0.0)
    return [
        ("Size", f"{field.display.width} x {field.display.height}"),
        ("Frames", frames),
        ("Layers", ", ".join(layer.name for layer in field.layers)),
        ("Reference", str(field.reference)),
        ("Recipe", field.recipe),
        ("PSNR", f"{answer['psnr']:.1f} dB"),
        ("Edit path", f"{answer['psnr_edit_path']:.1f} dB"),
        ("Confidence", f"{answer['confidence']:.3f}"),
        ("Folded", f"{100 * answer['fold_share']:.3f} %"),
        ("Jitter", f"{jitter:.3f} px"),
    ]


def _plots(field: Field, found: Review) -> list[Plot]:
    frames = field.frames
    largest = max(range(len(found.layers)), key=lambda k: float(found.layers[k].coverage.sum()))
    shown = sorted({0, largest})
    moved = []
    for n, k in enumerate(shown):
        places = found.layers[k].jitter.displacement
        name = f"{field.layers[k].name} " if len(field.layers) > 1 else ""
        colours = ((BLUE, ORANGE), (GREEN, (206, 128, 200)))[n]
        moved += [
            Line(f"{name}x", colours[0], [float(v) for v in places[:, 0]]),
            Line(f"{name}y", colours[1], [-float(v) for v in places[:, 1]]),
        ]
    each = found.frames
    return [
        Plot("Jitter", "px", frames, moved, least=0.25, reference=field.reference),
        Plot(
            "Confidence",
            "",
            frames,
            [Line("mean", GREEN, [frame.confidence for frame in each])],
            least=0.025,
            floor=0.0,
            ceiling=1.0,
            reference=field.reference,
        ),
        Plot(
            "PSNR",
            "dB",
            frames,
            [
                Line("all terms", BLUE, [min(frame.psnr, 100.0) for frame in each]),
                Line("edit path", ORANGE, [min(frame.psnr_edit_path, 100.0) for frame in each]),
            ],
            least=1.0,
            reference=field.reference,
        ),
    ]
