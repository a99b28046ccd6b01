"""Tracks of points from and to JSON files."""

import json
from pathlib import Path
from typing import Any

from engine.errors import InputError, UsageError
from engine.fields.field import Field
from engine.progress import Task


def read_points(path: str | Path) -> list[Any]:
    """A points file as plain JSON.

    Raises:
        InputError: It is absent or cannot be read.
        UsageError: It is no JSON list.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"the points file {path} cannot be read ({error.strerror}); check the path", file=path
        ) from error
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no JSON list of points: it is no text", file=path) from None
    try:
        points = json.loads(text)
    except RecursionError:
        raise UsageError(
            f"{path} is no JSON list of points: it is nested too deep", file=path
        ) from None
    except ValueError as error:
        raise UsageError(f"{path} is no JSON list of points: {error}", file=path) from None
    if not isinstance(points, list):
        raise UsageError(
            f'{path} must hold a list such as [{{"frame": 1, "x": 10.5, "y": 20.5}}]', file=path
        )
    return points


def track_file(field: Field, points: str, output: str, task: Task) -> dict[str, Any]:
    """``codef track``.

    Returns:
        ``{"output", "tracks", "frames"}``: the file and how much is in it.

    Raises:
        InputError: The points file is absent.
        UsageError: It is no list of points.
        MissingFrameError: A point is in a frame that was not fitted.
    """
    from engine.io.atomic import clean_parts, replace_atomically
    from engine.warp.track import TrackPoint, track

    path = Path(points)
    try:
        asked = [TrackPoint.from_json(item) for item in read_points(path)]
    except UsageError as error:
        if error.file is None:
            raise UsageError(f"{path}: {error.message}", file=path) from error
        raise
    found = track(field, asked, task)
    answer = {"tracks": [{"points": one} for one in found]}
    clean_parts(Path(output).parent)
    with replace_atomically(output) as part:
        part.write_text(json.dumps(answer) + "\n", encoding="utf-8")
    return {"output": output, "tracks": len(found), "frames": len(field.frames)}
