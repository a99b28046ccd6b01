"""A finished fit on disk: a folder that any machine can load again.

``field.json`` says everything that is no array, ``layer_K.safetensors`` holds the deformation,
lighting and exposure of layer K, ``canonical_K.exr`` its still, ``masks.safetensors`` the masks,
``residual.safetensors`` the colour residual, if there is one. Every file is
listed with its size and hash, so that a damaged field is told at once. ``engine.linked.folder``
keeps several of these folders as the segments of one long shot.
"""

import hashlib
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32, AnyArray
from engine.colour.ocio import DEFAULT_WORKING
from engine.errors import CodefError, FieldError, InputError
from engine.fields.deformation import Deformation
from engine.fields.field import Canonical, Field, Layer
from engine.fields.files import (
    FINER,
    INFO,
    MASKS,
    MINOR,
    PLAIN,
    RESIDUAL,
    absolute_paths,
    check_files,
    damaged,
    fingerprint,
    mask_tensors,
    read_info,
    read_masks,
    read_tensors,
    relative_paths,
    stream_tensors,
    streams_of,
    write_info,
    write_tensors,
)
from engine.fields.residual import Residual
from engine.io.picture import Picture, Window

_HALF_MAX = 65504.0

#: Deformation kinds and the class that rebuilds them from ``tensors`` and ``numbers`` by its
#: ``from_tensors``; imported when a field of the kind is loaded.
KINDS: dict[str, tuple[str, str]] = {
    "lattice": ("engine.fields.lattice", "LatticeDeformation"),
    "lens": ("engine.warp.lens", "LensDeformation"),
    "hash": ("engine.fields.networkfield", "NetworkDeformation"),
    "network": ("engine.fields.networkfield", "NetworkDeformation"),
    "pinned": ("engine.pins.deformation", "PinnedDeformation"),
    "resized": ("engine.relink.resized", "ResizedDeformation"),
}


def field_identity(field: Field) -> str:
    """A short hash of the canonical images: edits name it to say what they were painted on.

    The same before and after the field is stored, since it reads the stored precision.
    """
    digest = hashlib.blake2b(digest_size=8)
    for layer in field.layers:
        data = layer.canonical.data
        digest.update(f"{layer.name} {data.x0} {data.y0} {data.x1} {data.y1}\n".encode())
        digest.update(_stored(layer.canonical).tobytes())
    return digest.hexdigest()


def _stored(canonical: Canonical) -> AnyArray:
    """The pixels in the precision that the folder keeps."""
    pixels = np.ascontiguousarray(canonical.pixels, np.float32)
    if pixels.size and np.abs(pixels).max() > _HALF_MAX:
        return pixels
    return pixels.astype(np.float16)


def _finer(window: Window, scale: int) -> Window:
    return Window(window.x0 * scale, window.y0 * scale, window.x1 * scale, window.y1 * scale)


def _window(window: Window) -> list[int]:
    return [window.x0, window.y0, window.x1, window.y1]


def save_field(field: Field, folder: Path | str, *, working_space: str = DEFAULT_WORKING) -> Field:
    """Writes a field folder, whole or not at all.

    Args:
        field: The field.
        folder: Exactly where; an existing field there is replaced.
        working_space: OCIO name of the space of the canonical images.

    Returns:
        The field as it was stored: its canonical images in half float.

    Raises:
        FieldError: Something else than a field is already there.
        WriteError: It cannot be written.
    """
    from engine.io.atomic import atomic_folder
    from engine.io.write import WriteOptions, write_picture
    from engine.linked.field import LinkedField

    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and (folder / INFO).is_file()):
        raise FieldError(
            f"{folder} is there and is no field, so it is not replaced; choose another place",
            file=folder,
        )
    if isinstance(field, LinkedField):
        from engine.linked.folder import save_linked

        return save_linked(field, folder, working_space=working_space)
    finer = any(layer.canonical.scale != 1 for layer in field.layers)
    with atomic_folder(folder) as part:
        layers = []
        for k, layer in enumerate(field.layers):
            tensors = {f"deformation.{n}": t for n, t in layer.deformation.tensors().items()}
            if layer.lighting is not None:
                tensors["lighting"] = layer.lighting
            if layer.exposure is not None:
                tensors["exposure"] = layer.exposure
            write_tensors(part / f"layer_{k}.safetensors", tensors)
            stored = _stored(layer.canonical)
            picture = Picture(
                stored.astype(np.float32),
                display=_finer(field.display, layer.canonical.scale),
                data=layer.canonical.grid,
                pixel_aspect=field.pixel_aspect,
                metadata={"codef/layer": layer.name},
            )
            bits = 16 if stored.dtype == np.float16 else 32
            write_picture(
                part / f"canonical_{k}.exr",
                picture,
                WriteOptions(
                    colour_space=working_space, bits=bits, compression="zip", working=working_space
                ),
            )
            layers.append(
                {
                    "name": layer.name,
                    "kind": layer.deformation.kind,
                    "numbers": layer.deformation.numbers(),
                    "canvas": _window(layer.canonical.data),
                    "scale": layer.canonical.scale,
                    "lighting": layer.lighting is not None,
                    "exposure": layer.exposure is not None,
                }
            )
        write_tensors(part / MASKS, mask_tensors(field.masks, field.ignored))
        residual = field.residual
        if residual is not None:
            steps: dict[str, AnyArray] = {"steps": residual.steps}
            write_tensors(part / RESIDUAL, {**steps, **stream_tensors("", residual.streams)})
        info = {
            "codef_field": FINER if finer else PLAIN,
            "codef_field_minor": MINOR,
            "recipe": field.recipe,
            "frames": list(field.frames),
            "reference": field.reference,
            "display": _window(field.display),
            "data": _window(field.data),
            "pixel_aspect": field.pixel_aspect,
            "working_space": working_space,
            "layers": layers,
            "masks": {
                "count": field.masks.count,
                "height": field.masks.height,
                "width": field.masks.width,
                "ignored": field.ignored is not None,
                "given": field.masks.given is not field.masks,
            },
            "residual": None if residual is None else {"cell": residual.cell},
            "report": field.report,
            "source": relative_paths(field.source, folder),
            "identity": str(field.report.get("identity", field.source.get("identity", ""))),
            "canonical_identity": field_identity(field),
            "files": {file.name: fingerprint(file) for file in sorted(part.iterdir())},
        }
        write_info(part, info)
        # What cannot be read back must not replace what could.
        return _load(part, folder)


def load_field(folder: Path | str) -> Field:
    """Reads a field folder.

    Args:
        folder: As it was given to ``save_field``; it may have moved.

    Returns:
        The field; the paths in ``source`` are absolute again.

    Raises:
        InputError: The folder is absent or cannot be read.
        FieldError: It is no field, damaged, incomplete, or of a newer version of the program.
    """
    folder = Path(folder)
    if not folder.exists():
        raise InputError(f"there is no field at {folder}; fit one or correct the path", file=folder)
    return _load(folder, folder)


def field_frames(folder: Path | str) -> tuple[int, ...]:
    """Frame numbers of a field folder; reads its ``field.json`` only.

    Raises:
        InputError: The folder is absent or cannot be read.
        FieldError: It is no field, or of a newer version of the program.
    """
    folder = Path(folder)
    if not folder.exists():
        raise InputError(f"there is no field at {folder}; fit one or correct the path", file=folder)
    try:
        return tuple(int(frame) for frame in read_info(folder)["frames"])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(folder, f"{type(error).__name__}: {error}") from error


def _load(folder: Path, final: Path) -> Field:
    info = read_info(folder)
    try:
        if "segments" in info:
            from engine.linked.folder import load_linked

            return load_linked(folder, info)
        check_files(folder, info["files"], _wanted(info))
        return _build(folder, final, info)
    except OSError as error:
        raise InputError(
            f"the field {folder} cannot be read ({error.strerror}); check its permissions",
            file=folder,
        ) from error
    except FieldError:
        raise
    except CodefError as error:
        raise damaged(folder, error.message) from error
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise damaged(folder, f"{type(error).__name__}: {error}") from error


def _wanted(info: Mapping[str, Any]) -> set[str]:
    """Names of the files that a field must have."""
    wanted = {f"layer_{k}.safetensors" for k in range(len(info["layers"]))}
    wanted |= {f"canonical_{k}.exr" for k in range(len(info["layers"]))} | {MASKS}
    return wanted | {RESIDUAL} if info.get("residual") else wanted


def _build(folder: Path, final: Path, info: Mapping[str, Any]) -> Field:
    from engine.io.read import read_picture

    working = str(info["working_space"])
    count = len(info["frames"])
    layers = []
    for k, item in enumerate(info["layers"]):
        tensors = read_tensors(folder / f"layer_{k}.safetensors")
        lighting = _per_frame(folder, tensors, "lighting", k, (count, -1, -1, 3))
        exposure = _per_frame(folder, tensors, "exposure", k, (count, 2, 3))
        inner = {name.removeprefix("deformation."): t for name, t in tensors.items()}
        deformation = _deformation(folder, str(item["kind"]), inner, item["numbers"])
        picture = read_picture(folder / f"canonical_{k}.exr", colour_space=working, working=working)
        canvas = Window(*(int(v) for v in item["canvas"]))
        canonical = Canonical(picture.pixels, canvas, _scale(folder, item, k))
        if picture.data != canonical.grid or picture.pixels.shape[2] != 4:
            raise damaged(folder, f"canonical_{k}.exr is not on the canvas that {INFO} tells")
        layers.append(Layer(str(item["name"]), deformation, canonical, lighting, exposure))
    if not layers or not count:
        raise damaged(folder, "it has no layers or no frames")
    data = Window(*(int(v) for v in info["data"]))
    masks, ignored = read_masks(folder, info)
    return Field(
        frames=tuple(int(frame) for frame in info["frames"]),
        display=Window(*(int(v) for v in info["display"])),
        data=data,
        layers=layers,
        masks=masks,
        ignored=ignored,
        residual=_residual(folder, info.get("residual"), count, (data.height, data.width)),
        reference=int(info["reference"]),
        recipe=str(info["recipe"]),
        report=dict(info["report"]),
        source=absolute_paths(info["source"], final),
        pixel_aspect=float(info["pixel_aspect"]),
    )


def _scale(folder: Path, item: Mapping[str, Any], layer: int) -> int:
    """Pixels per canonical pixel of a still; fields written before have one."""
    scale = item.get("scale", 1)
    if not isinstance(scale, int) or isinstance(scale, bool) or scale < 1:
        raise damaged(folder, f"the scale of layer {layer} is no whole number above 0")
    return scale


def _per_frame(
    folder: Path, tensors: dict[str, AnyArray], name: str, layer: int, shape: tuple[int, ...]
) -> F32 | None:
    """Takes a float tensor out of a layer's; -1 in ``shape`` stands for any number above 0."""
    found = tensors.pop(name, None)
    if found is None:
        return None
    fits = found.ndim == len(shape) and all(
        n == want or (want == -1 and n > 0) for n, want in zip(found.shape, shape, strict=True)
    )
    if not fits or not np.isfinite(found).all():
        raise damaged(folder, f"the {name} of layer {layer} does not match the frames")
    return found.astype(np.float32)


def _residual(
    folder: Path, told: Mapping[str, Any] | None, frames: int, size: tuple[int, int]
) -> Residual | None:
    if not told:
        return None
    tensors = read_tensors(folder / RESIDUAL)
    steps, cell = tensors["steps"].astype(np.float32), int(told["cell"])
    if steps.shape != (frames,) or not np.isfinite(steps).all() or cell < 1:
        raise damaged(folder, "the residual does not match the frames")
    residual = Residual(*size, cell, steps, streams_of(folder, tensors, "", frames, "the residual"))
    for index in range(frames):
        residual.planes(index)  # told now, rather than in the middle of a render
    return residual


def deformation_from(
    kind: str, tensors: dict[str, AnyArray], numbers: Mapping[str, Any]
) -> Deformation:
    """A deformation from what its ``tensors`` and ``numbers`` gave.

    Raises:
        FieldError: This version does not know the kind, or the rest is damaged.
    """
    if kind not in KINDS:
        raise FieldError(
            f"the field uses the deformation {kind!r}, which this version does not know (it knows "
            f"{', '.join(sorted(KINDS))}); update the program"
        )
    module, name = KINDS[kind]
    loader = getattr(importlib.import_module(module), name)
    deformation: Deformation = loader.from_tensors(tensors, dict(numbers))
    return deformation


def _deformation(
    folder: Path, kind: str, tensors: dict[str, AnyArray], numbers: Mapping[str, Any]
) -> Deformation:
    try:
        return deformation_from(kind, tensors, numbers)
    except FieldError as error:
        raise FieldError(f"{folder}: {error.message}", file=folder) from error
