"""ST maps of a field as files."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.work.canonicals import chosen_layers, each_still, numbered
from codef_nodes.work.source import wanted_frames
from engine.errors import UsageError
from engine.fields.field import Field
from engine.progress import Task

if TYPE_CHECKING:
    from engine.io.write import WriteOptions


def write_st_maps(
    field: Field,
    output: str,
    *,
    direction: str,
    layer: int | None,
    display: str,
    frames: str | None,
    task: Task,
    segment: int | None = None,
) -> dict[str, Any]:
    """``codef stmap``: one file for each frame and layer; of a long shot for each still.

    With one layer the files are ``output``; with several each frame is one EXR with a part per
    layer, named by the group, or one TIFF per layer, ``NAME.K.tif``.

    Returns:
        ``{"written", "frames", "layers", "direction", "display"}``.

    Raises:
        UsageError: No such layer or segment, no place for the frame number, or no EXR or TIFF.
        WriteError: A file cannot be written.
    """
    from engine.io.atomic import clean_parts
    from engine.io.sequence import fill_pattern, has_pattern
    from engine.io.write import write_parts, write_picture
    from engine.warp.stmap import st_picture

    wanted = _checked(Path(output), wanted_frames(field, frames))
    clean_parts(Path(output).parent)
    stills = each_still(field, segment, output)
    written, told = [], []
    for n, still in enumerate(stills):
        view, part = still.field, task.part(n / len(stills), (n + 1) / len(stills))
        layers = chosen_layers(view, layer)
        told += [{"layer": k, "name": view.layers[k].name, **still.told} for k in layers]
        mine = [frame for frame in wanted if still.frames is None or frame in still.frames]
        for count, frame in enumerate(mine):
            part.report(count / len(mine), "ST maps")
            file = Path(still.output)
            if has_pattern(still.output):
                file = fill_pattern(still.output, frame)
            index = view.index(frame)
            maps = [
                (view.layers[k].name, st_picture(view, k, index, direction, display=display))
                for k in layers
            ]
            task.check()
            options = _data(frame)
            if file.suffix.lower() == ".exr":
                write_parts(file, maps, options)
                written.append(str(file))
                continue
            for k, (_, picture) in zip(layers, maps, strict=True):
                single = file if len(layers) == 1 else numbered(file, k)
                write_picture(single, picture, options)
                written.append(str(single))
    return {
        "written": written,
        "frames": list(wanted),
        "layers": told,
        "direction": direction,
        "display": display,
    }


def write_st_between(
    field: Field,
    output: str,
    *,
    start: int,
    layer: int | None,
    frames: str | None,
    task: Task,
) -> dict[str, Any]:
    """``codef stmap --from A``: maps over frames that sample frame A, one file each.

    Args:
        field: The field.
        output: Files to write, ``.exr`` or ``.tif``.
        start: Number of the frame that is sampled.
        layer: Follow this layer only; None: each pixel follows the layer that owns it.
        frames: The frames that the maps are drawn over; None: all.
        task: Progress and cancel.

    Returns:
        ``{"written", "frames", "from", "layer"}``.

    Raises:
        MissingFrameError: The field has no such frame.
        UsageError: No such layer, no place for the frame number, or no EXR or TIFF.
        WriteError: A file cannot be written.
    """
    from engine.io.atomic import clean_parts
    from engine.io.sequence import fill_pattern, has_pattern
    from engine.io.write import write_picture
    from engine.warp.between import st_between_picture

    path = Path(output)
    there = field.index(start)
    wanted = _checked(path, wanted_frames(field, frames))
    if layer is not None:
        chosen_layers(field, layer)
    clean_parts(path.parent)
    written = []
    for count, frame in enumerate(wanted):
        task.report(count / len(wanted), "ST maps")
        file = fill_pattern(output, frame) if has_pattern(output) else path
        picture = st_between_picture(field, there, field.index(frame), layer)
        task.check()
        write_picture(file, picture, _data(frame))
        written.append(str(file))
    return {"written": written, "frames": list(wanted), "from": start, "layer": layer}


def _checked(path: Path, frames: tuple[int, ...]) -> tuple[int, ...]:
    """The frames, when files of that name can hold their maps."""
    from engine.io.sequence import has_pattern

    if path.suffix.lower() not in (".exr", ".tif", ".tiff"):
        raise UsageError(f"{path}: ST maps need 32-bit float; write .exr or .tif", file=path)
    if len(frames) > 1 and not has_pattern(str(path)):
        raise UsageError(
            f"{path} has no place for the frame number; use a name such as {path.stem}.%04d.exr",
            file=path,
        )
    return frames


def _data(frame: int) -> "WriteOptions":
    """How numbers that are no colours are written."""
    from engine.io.write import WriteOptions

    return WriteOptions(
        colour_space="raw", bits=32, compression="zip", frame=frame, whole_data=True
    )
