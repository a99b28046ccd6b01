"""Tracks and corner pins as artists have them: text, CSV, JSON and Nuke's CornerPin2D.

What artists export counts y up from the bottom of the format, as Nuke does; everything returned
here counts pixels of the display window, origin top-left, y down, pixel centres at +0.5. Nuke's
centre of the lowest left pixel is at (0.5, 0.5), so that only y is turned.
"""

import csv
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from engine.arrays import F64
from engine.errors import InputError, UsageError
from engine.io.keyframetext import is_keyframes, keyframe_corners, keyframe_tracks
from engine.io.nukecurves import corner_pins
from engine.io.nuketracker import is_nuke, tracker_nodes

_SCRIPTS = (".nk", ".gizmo")
_SPLIT = re.compile(r"[\s,;]+")
#: Larger files are no tracks of a shot.
_MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class NamedPlaces:
    """One track or one pin of a file.

    Attributes:
        name: Its name in the file, or its number.
        group: The group that the file says it belongs to, or None.
        places: float64 [P, 2] by frame number: one place of a track, four of a pin.
    """

    name: str
    group: str | None
    places: dict[int, F64]


def read_tracks(path: str | Path, height: int, first: int = 0) -> list[NamedPlaces]:
    """Reads 2D tracks, in whatever form the file has.

    * Text, ``frame x y`` a line, y up; a blank line or a line of other words starts the next
      track, and those words are its name, or ``GROUP/NAME``. Lines of one whole number (the counts
      that 3DEqualizer and PFTrack write) are passed over, and so is a fourth number (a quality).
    * Nuke's Tracker nodes (``.nk``, or such text), y up.
    * After Effects keyframe data (After Effects, Mocha): positions, points and corners; frame 0
      is the first of the clip.
    * ``.json``: what ``codef track`` writes (y down unless it says ``"y": "up"``); a track may
      have ``name`` and ``group``, and places with ``"visible": false`` do not count.

    Args:
        path: The file.
        height: Height of the display window, to turn y.
        first: Frame number of the clip's first frame, for formats that count from 0.

    Returns:
        The tracks in order.

    Raises:
        InputError: The file is absent or unreadable.
        UsageError: It holds no tracks; the message names the line, or the track and the frame.
    """
    path = Path(path)
    text = _text(path)
    if path.suffix.lower() == ".json":
        tracks = _json(path, text, height)
    elif is_keyframes(text):
        tracks = [NamedPlaces(n, None, places) for n, places in keyframe_tracks(text, path, first)]
    elif path.suffix.lower() in _SCRIPTS or is_nuke(text):
        tracks = [NamedPlaces(n, None, places) for n, places in tracker_nodes(text, path)]
        tracks = [_turned(track, height) for track in tracks]
    else:
        tracks = [_turned(track, height) for track in _lines(path, text)]
    tracks = [track for track in tracks if track.places]
    if not tracks:
        raise UsageError(f"{path} holds no tracks; write a line 'frame x y' a frame", file=path)
    return tracks


def read_corner_pins(path: str | Path, height: int, first: int = 0) -> list[NamedPlaces]:
    """Reads corner pins.

    A ``.nk`` file holds Nuke's CornerPin2D nodes (copied from the node graph, or exported by the
    Tracker): the animated ones of ``to1..4`` and ``from1..4`` are the corners. After Effects
    keyframe data (After Effects, Mocha) holds Corner Pin effects. A ``.csv`` or other text
    file holds ``frame x1 y1 x2 y2 x3 y3 x4 y4`` a line, y up; a first line of words is passed over.

    Args:
        path: The file.
        height: Height of the display window, to turn y.
        first: Frame number of the clip's first frame, for formats that count from 0.

    Returns:
        The pins in order, named after the nodes.

    Raises:
        InputError: The file is absent or unreadable.
        UsageError: It holds no corner pin; the message names the line or the node.
    """
    path = Path(path)
    text = _text(path)
    if is_keyframes(text):
        return [NamedPlaces(n, None, places) for n, places in keyframe_corners(text, path, first)]
    if path.suffix.lower() in _SCRIPTS:
        found = [NamedPlaces(name, None, places) for name, places in corner_pins(text, path)]
    else:
        found = [_table(path, text)]
    return [_turned(pin, height) for pin in found]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path} is far too large for tracks; check the file", file=path)
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}); check the path", file=path
        ) from error
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no text, so it holds no tracks", file=path) from None


def _turned(found: NamedPlaces, height: int) -> NamedPlaces:
    places = {
        frame: np.stack([at[:, 0], height - at[:, 1]], axis=1) for frame, at in found.places.items()
    }
    return NamedPlaces(found.name, found.group, places)


def _numbers(cells: list[str]) -> list[float] | None:
    """The cells as finite numbers; None when one is none."""
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        return None
    return values if all(math.isfinite(value) for value in values) else None


def _bad_line(path: Path, number: int, line: str, wanted: str) -> NoReturn:
    shown = line.strip() if len(line.strip()) <= 60 else line.strip()[:57] + "..."
    raise UsageError(f"{path}, line {number}: {wanted}, not {shown!r}", file=path)


def _add(places: dict[int, F64], values: list[float], path: Path, number: int, line: str) -> None:
    if values[0] != int(values[0]):
        _bad_line(path, number, line, "the frame must be a whole number")
    if int(values[0]) in places:
        _bad_line(path, number, line, f"frame {int(values[0])} must stand once in a track")
    places[int(values[0])] = np.array(values[1:], np.float64).reshape(-1, 2)


def _lines(path: Path, text: str) -> list[NamedPlaces]:
    tracks: list[NamedPlaces] = []
    heading = ""
    started = False
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.split("#", 1)[0].strip().strip(",;")
        cells = [cell for cell in _SPLIT.split(plain) if cell]
        first_is_number = bool(cells) and _is_number(cells[0])
        if not cells or not first_is_number:
            if plain or line.strip() == "":
                heading, started = plain.rstrip(":").strip("\"'"), False
            continue
        if len(cells) == 1 and _whole(cells[0]):
            started = False  # how many tracks or frames follow
            continue
        values = _numbers(cells)
        if values is None or len(values) not in (3, 4):
            _bad_line(path, number, line, "a track's line must be 'frame x y'")
        if not started:
            group, _, name = heading.rpartition("/")
            tracks.append(NamedPlaces(name or str(len(tracks) + 1), group or None, {}))
            heading, started = "", True
        _add(tracks[-1].places, values[:3], path, number, line)
    return tracks


def _whole(cell: str) -> bool:
    return re.fullmatch(r"[+-]?\d+", cell) is not None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.lower().lstrip("+-") not in ("nan", "inf", "infinity")


def _table(path: Path, text: str) -> NamedPlaces:
    places: dict[int, F64] = {}
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.split("#", 1)[0].strip()
        if not plain:
            continue
        cells = [cell.strip() for cell in next(csv.reader([plain]))]
        if len(cells) == 1:
            cells = [cell for cell in _SPLIT.split(plain) if cell]
        if not places and not _is_number(cells[0]):
            continue  # names of the columns
        values = _numbers(cells)
        if values is None or len(values) != 9:
            wanted = "a corner pin's line must be 'frame x1 y1 x2 y2 x3 y3 x4 y4'"
            _bad_line(path, number, line, wanted)
        _add(places, values, path, number, line)
    if not places:
        raise UsageError(
            f"{path} holds no corner pin; write 'frame x1 y1 x2 y2 x3 y3 x4 y4' a frame", file=path
        )
    return NamedPlaces(path.stem, None, places)


def _json(path: Path, text: str, height: int) -> list[NamedPlaces]:
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no JSON: {error}", file=path) from None
    tracks = data.get("tracks") if isinstance(data, dict) else None
    if not isinstance(tracks, list):
        raise UsageError(
            f'{path} must hold {{"tracks": [{{"points": [...]}}, ...]}}, as codef track writes it',
            file=path,
        )
    up = data.get("y", "down")
    if up not in ("up", "down"):
        raise UsageError(f'{path}: "y" must be "up" or "down", not {up!r}', file=path)
    found = [_json_track(path, n, track) for n, track in enumerate(tracks, 1)]
    return [_turned(track, height) for track in found] if up == "up" else found


def _json_track(path: Path, number: int, track: Any) -> NamedPlaces:
    points = track.get("points") if isinstance(track, dict) else None
    if not isinstance(points, list):
        raise UsageError(f'{path}: track {number} has no list "points"', file=path)
    places: dict[int, F64] = {}
    for point in points:
        try:
            frame, x, y = int(point["frame"]), float(point["x"]), float(point["y"])
            seen = point.get("visible", True) is not False
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
            x = y = math.nan
            frame, seen = 0, True
        if not (math.isfinite(x) and math.isfinite(y)):
            raise UsageError(
                f'{path}: track {number} holds {point!r}, which is no {{"frame", "x", "y"}}',
                file=path,
            )
        if seen:
            places[frame] = np.array([[x, y]])
    name, group = track.get("name"), track.get("group")
    return NamedPlaces(
        name if isinstance(name, str) and name else str(number),
        group if isinstance(group, str) and group else None,
        places,
    )
