"""A field against the truth of a synthetic clip, from frame to frame only.

Canonical coordinates are never compared: where the still lies is the fit's own business. Points are
carried from the first, the middle and the last frame to every other as ``codef track`` does it; the
mark is painted on one frame and carried to the others as ``codef propagate --edit-frame`` does it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthetic.clip import Truth
from engine.colour.encoding import to_display8
from engine.edit.frame_edit import frame_edit, propagate_frame_edits
from engine.fields.field import Field
from engine.io.clip import Clip, open_clip
from engine.metrics.carried import carried_points
from engine.metrics.tracking import f1, jitter, tap_vid, transfer_error
from engine.warp.track_plate import plate_if_there

#: What of the mark counts as painted, and as hidden by what is in front of it.
PAINTED, HIDDEN = 0.5, 1 / 255

Bool = NDArray[np.bool_]


def rounded(value: float, digits: int = 3) -> float | None:
    """A figure for JSON: None where there is none."""
    return None if np.isnan(value) else round(float(value), digits)


def transfer(field: Field, truth: Truth) -> dict[str, Any]:
    """Errors of points that are carried from frame to frame, in pixels.

    Returns:
        ``median`` and ``p95`` of visible points, those of ``occluded`` ones (in the frame, but
        hidden), both per layer; ``visibility_f1``; ``hidden_f1``; ``jitter``; TAP-Vid's figures.
    """
    count = len(field.frames)
    sources = sorted({0, count // 2, count - 1})
    picks = [(s, np.flatnonzero(truth.visible[:, s])) for s in sources]
    starts = np.concatenate([np.full(len(rows), s) for s, rows in picks])
    rows = np.concatenate([rows for _, rows in picks])
    goal, seen, layer = truth.points[rows], truth.visible[rows], truth.layer[rows]
    asked = np.take_along_axis(goal, starts[:, None, None], axis=1)[:, 0]
    found = carried_points(field, starts, asked, plate=plate_if_there(field))
    other: Bool = np.arange(count)[None, :] != starts[:, None]
    size = np.array([field.width, field.height])
    inside = ((goal > 0) & (goal < size)).all(axis=2)
    in_sight, hidden = other & seen, other & inside & ~seen
    result: dict[str, Any] = {}
    for name, mine in (("", layer >= 0), ("_front", layer == 0), ("_ground", layer == 1)):
        for kind, counted in (("visible", in_sight), ("occluded", hidden)):
            spread = transfer_error(goal, found.points, counted & mine[:, None])
            if not name or kind == "visible":
                result[f"{kind}{name}"] = {
                    "median": rounded(spread.median),
                    "p95": rounded(spread.p95),
                    "count": spread.count,
                }
    vid = tap_vid(goal, seen, found.points, found.visible, other, (field.width, field.height))
    result["visibility_f1"] = rounded(f1(seen, found.visible, other))
    result["hidden_f1"] = rounded(f1(~seen, ~found.visible, other & inside))
    result["jitter"] = rounded(jitter(goal, found.points, in_sight))
    result["tap_vid"] = {
        "delta": rounded(vid.delta),
        "occlusion_accuracy": rounded(vid.occlusion_accuracy),
        "jaccard": rounded(vid.jaccard),
    }
    return result


@dataclass(frozen=True)
class Footage:
    """The pictures beside a synthetic clip's frames.

    Attributes:
        frames: What was fitted.
        edited: The frames with the mark on the ground.
        paint: The mark alone.
        clean: The frames without grain and blur; ``frames`` when there is neither.
        masks: Frame number to the share of what may be in front of the mark, uint8 [H, W].
    """

    frames: Clip
    edited: Clip
    paint: Clip
    clean: Clip
    masks: Callable[[int], NDArray[np.uint8]]

    @classmethod
    def of(cls, folder: Path) -> "Footage":
        """Opens what ``write_clip`` wrote."""
        import cv2

        frames = open_clip(str(folder / "frames"))
        clean = folder / "clean"

        def front(frame: int) -> NDArray[np.uint8]:
            shares = []
            for name in ("masks_0", "strands"):
                path = folder / name / f"{frame:05d}.png"
                if path.is_file():
                    shares.append(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
            return np.asarray(np.max(shares, axis=0), np.uint8)

        return cls(
            frames,
            open_clip(str(folder / "edited")),
            open_clip(str(folder / "paint")),
            open_clip(str(clean)) if clean.is_dir() else frames,
            front,
        )


def edit_transfer(field: Field, footage: Footage) -> dict[str, Any]:
    """PSNR of the mark painted on one frame against the clip rendered with it, inside the mark.

    The painted frame is the field's reference frame when the mark shows there almost in whole, else
    the frame where most of it shows; it is not counted itself.

    Returns:
        ``psnr`` (mean over frames) and ``psnr_min`` over the pixels where the truth shows the mark
        (matte above one half), and over those where only the mark's rim does (``psnr_rim``);
        ``leak``: mean paint on what is in front of the mark (8-bit codes); ``spill``: likewise on
        all else around it; ``painted_on``.
    """
    mattes = {f: footage.paint.read(f).alpha for f in field.frames}
    areas = {f: float(m.sum()) for f, m in mattes.items()}
    fullest = max(areas, key=lambda f: (areas[f], -abs(f - field.reference)))
    on = field.reference if areas[field.reference] > 0.9 * areas[fullest] else fullest
    plate = footage.frames.read(on)
    edit = frame_edit(field, on, footage.paint.read(on), plate)
    inside, rim, leaks, spills = [], [], [], []
    for index, frame in enumerate(field.frames):
        if frame == on:
            continue
        shot = footage.frames.read(frame)
        plain = to_display8(shot.rgb).astype(np.float64)
        result = to_display8(propagate_frame_edits(field, [edit], shot, index).rgb)
        goal = to_display8(footage.edited.read(frame).rgb).astype(np.float64)
        matte = mattes[frame]
        error = np.square(result - goal).mean(axis=2)
        change = np.abs(result - plain).mean(axis=2)
        solid, edge = matte > PAINTED, (matte > HIDDEN) & (matte <= PAINTED)
        if solid.sum() >= 64:
            inside.append(_decibels(error[solid]))
        if edge.sum() >= 64:
            rim.append(_decibels(error[edge]))
        front = footage.masks(frame) > 250
        near = _near(matte > HIDDEN) & (matte <= HIDDEN)
        if (near & front).any():
            leaks.append(float(change[near & front].mean()))
        if (near & ~front).any():
            spills.append(float(change[near & ~front].mean()))
    means = {
        "psnr": np.mean(inside) if inside else float("nan"),
        "psnr_min": np.min(inside) if inside else float("nan"),
        "psnr_rim": np.mean(rim) if rim else float("nan"),
        "leak": np.mean(leaks) if leaks else float("nan"),
        "spill": np.mean(spills) if spills else float("nan"),
    }
    return {**{k: rounded(float(v), 2) for k, v in means.items()}, "painted_on": on}


def _near(matte: Bool) -> Bool:
    import cv2

    reach = np.ones((17, 17), np.uint8)
    return np.asarray(cv2.dilate(matte.astype(np.uint8), reach) > 0, np.bool_)


def _decibels(squares: NDArray[np.float64]) -> float:
    mean = float(squares.mean())
    return 100.0 if mean == 0 else min(100.0, float(10 * np.log10(255.0**2 / mean)))
