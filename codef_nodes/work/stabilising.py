"""The plate in canonical space as files: what ``codef stabilise`` does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codef_nodes.work.canonicals import chosen_layers, each_still
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
        segment: One segment of a long shot, or None for each.
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
    segment: int | None = None


def stabilise(job: StabiliseJob, task: Task) -> dict[str, Any]:
    """``codef stabilise``: one file for each frame and still, a part for each layer.

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
    check_plan(Plan(path, WriteOptions()), frames)
    clip = chosen_source(field, job.source, job.first, job.colour_space, job.working)
    clean_parts(path.parent)
    written, told = [], []
    stills = each_still(field, job.segment, job.output)
    for n, still in enumerate(stills):
        view, part = still.field, task.part(n / len(stills), (n + 1) / len(stills))
        layers = chosen_layers(view, job.layer)
        told += [{"layer": k, "name": view.layers[k].name, **still.told} for k in layers]
        plan = Plan(Path(still.output), WriteOptions())
        mine = [frame for frame in frames if still.frames is None or frame in still.frames]
        for count, frame in enumerate(mine):
            part.report(count / len(mine), "stabilise")
            index, plate = view.index(frame), clip.read(frame)
            parts = []
            for k in layers:
                task.check()
                picture = stabilise_frame(view, k, index, plate, scale=job.scale)
                parts.append((view.layers[k].name, picture))
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
        "layers": told,
        "scale": job.scale,
    }
