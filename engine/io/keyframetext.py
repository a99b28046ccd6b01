"""After Effects keyframe data, the text that After Effects and Mocha copy and paste.

Convention: places in pixels, origin top-left, y down, pixel centres at +0.5, as inside the program.
Its frames count from the start of the composition: 0 is the first frame of the clip.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.arrays import F64
from engine.errors import UsageError

_HEAD = re.compile(r"\ufeff?Adobe After Effects [\d.]+ Keyframe Data")
_CORNERS = ("Upper Left", "Upper Right", "Lower Left", "Lower Right")
#: Our corners go round, bottom left first, as in Nuke.
_ROUND = ("Lower Left", "Lower Right", "Upper Right", "Upper Left")
_PLACES = ("Position", "Point", "Anchor Point", *_CORNERS)

Places = Mapping[int, tuple[float, float]]


def is_keyframes(text: str) -> bool:
    """Whether a text is After Effects keyframe data."""
    return _HEAD.match(text.lstrip()) is not None


def keyframe_tracks(text: str, path: Path, first: int) -> list[tuple[str, dict[int, F64]]]:
    """Every animated place: its name, and float64 [1, 2] by frame.

    Args:
        text: The text.
        path: For messages.
        first: Frame number of the clip's first frame.

    Raises:
        UsageError: No place is animated, or a line is broken.
    """
    found: list[tuple[str, dict[int, F64]]] = []
    places: dict[int, F64] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.split("\t")]
        words = [cell for cell in cells if cell]
        if not words:
            continue
        if cells[0]:  # a property begins
            places = None
            if words[-1] in _PLACES and len(words) > 1:
                places = {}
                found.append((" ".join(words[1:]), places))
        elif places is not None and words[0] != "Frame":
            try:
                frame, x, y = (float(word) for word in words[:3])
                if frame != int(frame) or not np.isfinite([x, y]).all():
                    raise ValueError(line)
            except ValueError:
                raise UsageError(
                    f"{path}, line {number}: a key must be frame, x and y, not {line.strip()!r}",
                    file=path,
                ) from None
            places[int(frame) + first] = np.array([[x, y]])
    found = [(name, places) for name, places in found if places]
    if not found:
        raise UsageError(
            f"{path} holds After Effects keyframes but no position, point or corner pin; copy "
            "those",
            file=path,
        )
    return found


def keyframe_corners(text: str, path: Path, first: int) -> list[tuple[str, dict[int, F64]]]:
    """Every corner pin effect: its name, and corners float64 [4, 2] by frame.

    Args:
        text: The text.
        path: For messages.
        first: Frame number of the clip's first frame.

    Raises:
        UsageError: None has four corners with a frame in common.
    """
    by_effect: dict[str, dict[str, dict[int, F64]]] = {}
    for name, places in keyframe_tracks(text, path, first):
        # Effects number their corners: "CC Power Pin #1 Top Left-0002" is not one of these.
        for corner in _CORNERS:
            if name.endswith(corner):
                by_effect.setdefault(name.removesuffix(corner).strip(), {})[corner] = places
    found = []
    for effect, corners in by_effect.items():
        if len(corners) < 4:
            continue
        common = set.intersection(*(set(places) for places in corners.values()))
        rows = {f: np.concatenate([corners[c][f] for c in _ROUND]) for f in sorted(common)}
        if rows:
            found.append((effect or path.stem, rows))
    if not found:
        raise UsageError(
            f"{path} holds no corner pin with all four corners; copy the effect again", file=path
        )
    return found


def keyframe_text(
    tracks: Sequence[tuple[str, Places]],
    size: tuple[int, int],
    first: int,
    fps: float,
    pixel_aspect: float = 1.0,
) -> str:
    """Tracks as Point Control effects, to paste onto a layer of After Effects.

    Args:
        tracks: Name and places by frame, y down.
        size: Width and height of the frames.
        first: Frame number that becomes 0.
        fps: Frames per second.
        pixel_aspect: Width of a pixel over its height.
    """
    blocks = [
        _block(("Effects", f"Point Control #{n}", "Point"), places, first)
        for n, (_, places) in enumerate(tracks, 1)
    ]
    return _document(blocks, size, fps, pixel_aspect)


def keyframe_pin_text(
    pins: Sequence[Mapping[int, Sequence[tuple[float, float]]]],
    size: tuple[int, int],
    first: int,
    fps: float,
    pixel_aspect: float = 1.0,
) -> str:
    """Corner pins as Corner Pin effects.

    Args:
        pins: Four corners by frame, y down, in Nuke's order: bottom left first, then round.
        size: Width and height of the frames.
        first: Frame number that becomes 0.
        fps: Frames per second.
        pixel_aspect: Width of a pixel over its height.
    """
    blocks = [
        _block(
            ("Effects", f"Corner Pin #{n}", corner),
            {frame: corners[_ROUND.index(corner)] for frame, corners in pin.items()},
            first,
        )
        for n, pin in enumerate(pins, 1)
        for corner in _CORNERS
    ]
    return _document(blocks, size, fps, pixel_aspect)


def _block(title: Sequence[str], places: Places, first: int) -> str:
    rows = [f"\t{f - first}\t{places[f][0]:.6g}\t{places[f][1]:.6g}\t" for f in sorted(places)]
    return "\n".join(["\t".join(title), "\tFrame\tX pixels\tY pixels\t", *rows]) + "\n"


def _document(blocks: Sequence[str], size: tuple[int, int], fps: float, pixel_aspect: float) -> str:
    head = [
        "Adobe After Effects 8.0 Keyframe Data\n",
        f"\tUnits Per Second\t{fps:g}",
        f"\tSource Width\t{size[0]}",
        f"\tSource Height\t{size[1]}",
        f"\tSource Pixel Aspect Ratio\t{pixel_aspect:g}",
        f"\tComp Pixel Aspect Ratio\t{pixel_aspect:g}\n\n",
    ]
    return "\n".join(head) + "\n".join(blocks) + "\n\nEnd of Keyframe Data\n"
