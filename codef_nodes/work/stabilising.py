"""The plate in canonical space as files: what ``codef stabilise`` does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codef_nodes.work.canonicals import chosen_layers
from codef_nodes.work.propagating import chosen_source
from codef_nodes.work.source import open_field, wanted_frames
from codef_nodes.work.writing import Plan, check_plan, target
from engine.errors import UsageError
from engine.progress import Task


@dataclass(frozen=True)
class StabiliseJob:
    """What ``codef stabilise`` was asked.

    Attributes:
        field: The field folder.
        layer: One layer, or None for all.
        scale: Canvas pixels per canonical pixel.
        source: The clip when it is not where it was, or None.
        first: As for ``open_clip``.
        colour_space: As for ``open_clip``.
        working: As for ``open_clip``.
        frames: A range, or None for all.
        output: Files to write.
    """

    field: str
    layer: int | None
    scale: float
    source: str | None
    first: int | None
    colour_space: str | None
    working: str | None
    frames: str | None
    output: str


def stabilise(job: StabiliseJob, task: Task) -> dict[str, Any]:
    """``codef stabilise``: one file for each frame, a part for each layer.

    Returns:
        ``{"written", "frames", "layers", "scale"}``.

    Raises:
        CodefError: See ARCHITECTURE's exit codes.
    """
    from engine.edit.stabilise import stabilise_frame
    from engine.io.atomic import clean_parts
    from engine.io.write import WriteOptions, write_parts, write_picture

    field = open_field(job.field)
    frames = wanted_frames(field, job.frames)
    layers = chosen_layers(field, job.layer)
    path = Path(job.output)
    kind = path.suffix.lower()
    if kind not in (".exr", ".png", ".tif", ".tiff"):
        raise UsageError(
            f"{path}: the stabilised plate has an alpha channel; write .exr, .png or .tif",
            file=path,
        )
    if kind != ".exr" and len(layers) > 1:
        names = ", ".join(f"{k} ({each.name})" for k, each in enumerate(field.layers))
        raise UsageError(
            f"{path}: only .exr holds several layers; give --layer, one of {names}", file=path
        )
    plan = Plan(path, WriteOptions())
    check_plan(plan, frames)
    clip = chosen_source(field, job.source, job.first, job.colour_space, job.working)
    clean_parts(path.parent)
    written = []
    for count, frame in enumerate(frames):
        task.report(count / len(frames), "stabilise")
        index, plate = field.index(frame), clip.read(frame)
        parts = []
        for k in layers:
            task.check()
            picture = stabilise_frame(field, k, index, plate, scale=job.scale)
            parts.append((field.layers[k].name, picture))
        file = target(plan, frame)
        if kind == ".exr":
            write_parts(file, parts, WriteOptions(working=clip.working, frame=frame))
        else:
            options = WriteOptions(bits=16, working=clip.working, whole_data=True, frame=frame)
            write_picture(file, parts[0][1], options)
        written.append(str(file))
    task.report(1.0, "stabilise")
    return {
        "written": written,
        "frames": list(frames),
        "layers": [{"layer": k, "name": field.layers[k].name} for k in layers],
        "scale": job.scale,
    }
