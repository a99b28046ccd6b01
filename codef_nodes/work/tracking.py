"""Tracks of points from and to JSON files."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import CodefError, InputError, UsageError
from engine.fields.field import Field
from engine.progress import Task

if TYPE_CHECKING:
    from engine.lift.tracks import Track
    from engine.warp.track_plate import Plate

log = logging.getLogger(__name__)

FPS = 24.0
"""Frames per second of a clip that says none."""


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


@dataclass(frozen=True)
class TrackJob:
    """What ``codef track`` and the node Track were asked.

    Attributes:
        points: File of points (JSON), or None.
        keypoints: Detector on the still instead, or None.
        count: The most keypoints.
        layer: The layer whose still the detector looks at.
        form: Format of the output, or None for what its ending says.
        hidden: Keys also where the frame does not show the point.
        look: Look for the points in the plate too, where it is at hand.
        segment: The segment of a long shot on whose still the detector looks.
        placed: Points as a file holds them, placed by hand; they come before those of the file.
    """

    points: str | None = None
    keypoints: str | None = None
    count: int = 64
    layer: int = 0
    form: str | None = None
    hidden: bool = False
    look: bool = True
    segment: int = 0
    placed: tuple[dict[str, Any], ...] = ()


def plate_for(field: Field, job: TrackJob) -> "Plate | None":
    """The plate to look at; where it is not at hand, a warning says so and the field answers."""
    from engine.warp.track_plate import plate_of

    if not job.look:
        return None
    try:
        return plate_of(field)
    except CodefError as error:
        log.warning(
            "the fit alone is followed, without looking at the frames (%s)",
            error.message.rstrip("."),
        )
        return None


def find_tracks(
    field: Field, job: TrackJob, task: Task, plate: "Plate | None" = None
) -> "list[Track]":
    """The tracks that a job asks for.

    Args:
        field: The fit.
        job: What is asked.
        task: Progress and cancel.
        plate: What ``plate_for`` says.

    Raises:
        InputError: The points file is absent.
        UsageError: It is no list of points; no such layer or detector; nothing was found.
        MissingFrameError: A point is in a frame that was not fitted.
    """
    from codef_nodes.work.canonicals import view_of
    from codef_nodes.work.models import own_model
    from engine.lift.keypoints import find_keypoints
    from engine.lift.tracks import Track
    from engine.warp.track import TrackPoint, track, track_canonical

    if (job.points is None and not job.placed) == (job.keypoints is None):
        raise UsageError("give either points or a detector of keypoints, one of the two")
    if job.keypoints is not None:
        field = view_of(field, job.segment)
        if not 0 <= job.layer < len(field.layers):
            names = ", ".join(f"{k} ({each.name})" for k, each in enumerate(field.layers))
            raise UsageError(f"the field has no layer {job.layer}; it has {names}")
        detector, title = job.keypoints, job.keypoints
        if detector.lower().endswith(".onnx"):
            detector, title = str(own_model(detector)), Path(detector).stem
        found = find_keypoints(field, job.layer, detector, job.count)
        followed = track_canonical(field, job.layer, found.points, task, plate)
        return [Track(f"{title}{n}", one) for n, one in enumerate(followed, 1)]
    listed = [*job.placed]
    asked = [TrackPoint.from_json(item) for item in listed]
    if job.points is not None:
        path = Path(job.points)
        more = read_points(path)
        try:
            asked += [TrackPoint.from_json(item) for item in more]
        except UsageError as error:
            if error.file is None:
                raise UsageError(f"{path}: {error.message}", file=path) from error
            raise
        listed += more
    named = [item.get("name") for item in listed]
    return [
        Track(name if isinstance(name, str) and name else f"track{n}", one)
        for n, (name, one) in enumerate(
            zip(named, track(field, asked, task, plate), strict=True), 1
        )
    ]


def tracks_as(field: Field, tracks: "Sequence[Track]", job: TrackJob, output: str) -> str:
    """The content of a file of tracks.

    Raises:
        UsageError: Its ending says no format, or the format cannot hold them.
    """
    from engine.lift.tracks import format_of, tracks_text

    form = format_of(Path(output).suffix, job.form)
    if form != "json":
        fps = float(field.source.get("fps") or FPS)
        return tracks_text(tracks, field, form, fps=fps, hidden=job.hidden)
    if job.keypoints is None:
        return json.dumps({"tracks": [{"points": track.points} for track in tracks]}) + "\n"
    name = field.layers[job.layer].name
    listed = [{"name": t.name, "group": name, "points": t.points} for t in tracks]
    return json.dumps({"tracks": listed}) + "\n"


def track_file(field: Field, job: TrackJob, output: str, task: Task) -> dict[str, Any]:
    """``codef track``.

    Returns:
        ``{"output", "format", "tracks", "frames", "looked"}``: the file, how much is in it, and
        whether the plate was looked at.

    Raises:
        InputError: The points file is absent.
        UsageError: It is no list of points, or the output says no format.
        MissingFrameError: A point is in a frame that was not fitted.
    """
    from engine.io.atomic import clean_parts, replace_atomically
    from engine.lift.tracks import format_of

    form = format_of(Path(output).suffix, job.form)  # told before the work, not after it
    plate = plate_for(field, job)
    found = find_tracks(field, job, task, plate)
    text = tracks_as(field, found, job, output)
    clean_parts(Path(output).parent)
    with replace_atomically(output) as part:
        part.write_text(text, encoding="utf-8")
    return {
        "output": output,
        "format": form,
        "tracks": len(found),
        "frames": len(field.frames),
        "looked": plate is not None,
    }


def track_shapes(
    field: Field, path: str, output: str, task: Task, *, layer: int | None, every: int
) -> dict[str, Any]:
    """``codef track --shapes``: shapes as DrawMask holds them, with keys through the shot.

    An output that ends in ``.py`` is a script that makes a Roto node of them in Nuke.

    Returns:
        ``{"output", "shapes", "frames", "layers"}``.

    Raises:
        InputError: The file is absent or cannot be read.
        UsageError: It holds no shapes, or the field no such layer.
        MissingFrameError: A shape is drawn in a frame that the field does not hold.
    """
    from codef_nodes.work.canonicals import chosen_layers
    from engine.io.atomic import clean_parts, replace_atomically
    from engine.io.nukeroto import roto_script
    from engine.lift.shapes import tracked_shape
    from engine.masks.shapes import Shape, shape_from_json

    if layer is not None:
        chosen_layers(field, layer)
    try:
        said = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"the shapes file {path} cannot be read ({error.strerror}); check the path", file=path
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no JSON of shapes: {error}", file=path) from None
    if not isinstance(said, dict) or not said:
        raise UsageError(
            f'{path} must hold shapes by name, as the knob shapes of DrawMask does: {{"face": '
            '{"keys": {...}}}',
            file=path,
        )
    made: list[Shape] = []
    layers: dict[str, str] = {}
    for n, (name, one) in enumerate(said.items()):
        shape = shape_from_json({"name": name, **one} if isinstance(one, dict) else one)
        part = task.part(n / len(said), (n + 1) / len(said))
        found, k = tracked_shape(field, shape, part, layer=layer, every=every)
        made.append(replace(found, name=name))
        layers[name] = field.layers[k].name
    if Path(output).suffix.lower() == ".py":
        text = roto_script(made, field.display.height, Path(output).stem)
    else:
        text = json.dumps({shape.name: shape.as_json() for shape in made}) + "\n"
    clean_parts(Path(output).parent)
    with replace_atomically(output) as whole:
        whole.write_text(text, encoding="utf-8")
    return {"output": output, "shapes": len(made), "frames": len(field.frames), "layers": layers}
