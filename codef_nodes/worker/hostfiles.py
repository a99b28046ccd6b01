"""A fit as files that a host composites with: canonical images, ST maps, light, mattes."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import UsageError
from engine.fields.field import Field
from engine.progress import Task

if TYPE_CHECKING:
    from engine.io.picture import Picture

MANIFEST = "manifest.json"
SCHEMA = 1


@dataclass(frozen=True)
class _Kind:
    """One sort of file.

    Attributes:
        make: The picture of a layer at a frame (its position in the field), or None: there is
            nothing of the sort in this fit.
        bits: Of a sample.
        moving: One file a frame, else one for the shot.
        raw: Numbers, no colours.
    """

    make: "Callable[[Field, int, int], Picture | None]"
    bits: int
    moving: bool = True
    raw: bool = True


def host_canonical(field: Field, k: int, index: int = 0) -> "Picture":
    """A canonical image whose format is its whole canvas, at the origin: hosts know no other.

    One pixel per canonical pixel whatever the fit has: a host that reads a finer one through an ST
    map does not filter what shrinks.
    """
    from engine.edit.canonical import canonical_picture
    from engine.io.picture import Window

    picture = canonical_picture(field, k, scale=1.0)
    window = Window.of_size(picture.data.width, picture.data.height)
    return replace(picture, display=window, data=window)


def _st_map(field: Field, k: int, index: int) -> "Picture":
    from engine.warp.stmap import st_picture

    made = st_picture(field, k, index, "to-canonical", display="canvas")
    return replace(made, display=field.display)


def _st_to_frame(field: Field, k: int, index: int) -> "Picture":
    from engine.io.picture import Window
    from engine.warp.stmap import st_picture

    made = st_picture(field, k, index, "to-frame", display="format")
    window = Window.of_size(made.data.width, made.data.height)
    return replace(made, display=window, data=window)


def _light(field: Field, k: int, index: int) -> "Picture | None":
    import numpy as np

    from engine.edit.outputs import grey_picture
    from engine.warp.render import light

    layer = field.layers[k]
    if layer.lighting is None and layer.exposure is None:
        return None
    picture = grey_picture(field, np.ones((field.height, field.width), np.float32), "light")
    gain = light(field, k, index)
    if gain is not None:
        picture.pixels[..., :3] = gain
    return picture


def _matte(field: Field, k: int, index: int) -> "Picture | None":
    from engine.edit.outputs import grey_picture

    if len(field.layers) < 2:
        return None
    return grey_picture(field, field.coverage(index)[k], "matte")


def _visibility(field: Field, k: int, index: int) -> "Picture | None":
    import numpy as np

    from engine.edit.outputs import grey_picture

    if field.ignored is None:
        return None
    left_out = field.ignored.mask(0, index).astype(np.float32) / 255
    return grey_picture(field, np.asarray(1 - left_out, np.float32), "visibility")


def _edge(field: Field, k: int, index: int) -> "Picture | None":
    """What paint of full matte shows too much of the layers behind, at soft edges."""
    import numpy as np

    from engine.edit.mixed import add_unmixed
    from engine.edit.outputs import grey_picture

    if len(field.layers) < 2:
        return None
    picture = grey_picture(field, np.zeros((field.height, field.width), np.float32), "edge")
    paint = picture.pixels
    paint[..., 3] = 1
    whole = slice(0, field.height), slice(0, field.width)
    add_unmixed(field, k, index, whole, field.seen(index), paint)
    paint[..., 3] = 0  # it is added to the paint's colours and leaves its matte alone
    return picture


KINDS = {
    "canonical": _Kind(host_canonical, 16, moving=False, raw=False),
    "stmap": _Kind(_st_map, 32),
    "stmap-to-frame": _Kind(_st_to_frame, 32),
    "light": _Kind(_light, 32),
    "visibility": _Kind(_visibility, 16),
    "matte": _Kind(_matte, 16),
    "edge": _Kind(_edge, 16),
}


def write_files(
    field: Field,
    folder: Path,
    *,
    wanted: list[str],
    frames: str | None,
    document: Path,
    node: str,
    task: Task,
) -> dict[str, Any]:
    """Writes what is wanted of a fit, and ``manifest.json``, which says what lies where.

    A sort of file that says nothing in this fit (mattes of a single layer, light where none was
    found) is not written and not in the manifest.

    Args:
        field: The fit.
        folder: Where to.
        wanted: Names of ``KINDS``.
        frames: A range, or None for all.
        document: The document, for the manifest.
        node: The node of the fit, for the manifest.
        task: Progress and cancel.

    Returns:
        The manifest.

    Raises:
        UsageError: An unknown sort, or a frame that was not fitted.
        WriteError: A file cannot be written.
    """
    from codef_nodes.work.source import wanted_frames
    from engine.io.atomic import clean_parts, make_folder, replace_atomically
    from engine.io.sequence import fill_pattern
    from engine.io.write import WriteOptions, write_picture

    unknown = [name for name in wanted if name not in KINDS]
    if unknown:
        known = ", ".join(KINDS)
        raise UsageError(f"nothing is called {unknown[0]!r}; choose among {known}")
    numbers = wanted_frames(field, frames)
    working = str(field.source.get("working") or WriteOptions().working)
    make_folder(folder)
    clean_parts(folder)
    names = _file_names(field)
    layers: list[dict[str, Any]] = []
    total = sum(len(numbers) if KINDS[name].moving else 1 for name in wanted) * len(field.layers)
    done = 0
    for k, layer in enumerate(field.layers):
        entry: dict[str, Any] = {"layer": k, "name": layer.name, "files": {}}
        canvas = layer.canonical.data
        entry["canvas"] = [canvas.x0, canvas.y0, canvas.x1, canvas.y1]
        for name in wanted:
            kind = KINDS[name]
            stem = f"{name.replace('-', '_')}_{names[k]}"
            pattern = folder / (f"{stem}/{stem}.%04d.exr" if kind.moving else f"{stem}.exr")
            options = WriteOptions(
                colour_space="raw" if kind.raw else None,
                bits=kind.bits,
                compression="zip" if kind.bits == 32 else "zips",
                working=working,
                whole_data=True,
            )
            for frame in numbers if kind.moving else numbers[:1]:
                task.report(done / max(total, 1), f"{name} of {layer.name}", frame=float(frame))
                task.check()
                picture = kind.make(field, k, field.index(frame))
                done += 1
                if picture is None:
                    continue
                file = fill_pattern(str(pattern), frame) if kind.moving else pattern
                write_picture(file, picture, replace(options, frame=frame))
                entry["files"][name] = {
                    "file": str(pattern),
                    "raw": kind.raw,
                    "moving": kind.moving,
                    "size": [picture.display.width, picture.display.height],
                }
        layers.append(entry)
    manifest = {
        "codef_manifest": SCHEMA,
        "document": str(document),
        "node": node,
        "folder": str(folder),
        "frames": [numbers[0], numbers[-1]],
        "numbers": list(numbers),
        "reference": field.reference,
        "format": [field.display.width, field.display.height],
        "pixel_aspect": field.pixel_aspect,
        "working_space": working,
        "layers": layers,
    }
    with replace_atomically(folder / MANIFEST) as part:
        part.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


def _file_names(field: Field) -> list[str]:
    """A name for the files of each layer, which every file system takes."""
    names: list[str] = []
    for k, layer in enumerate(field.layers):
        plain = "".join(
            c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in layer.name
        )
        taken = {name.casefold() for name in names}
        names.append(plain if plain and plain.casefold() not in taken else f"{plain}_{k}")
    return names
