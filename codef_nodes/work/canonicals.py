"""The canonical images of a field as files."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.fields.field import Field
from engine.progress import Task


def chosen_layers(field: Field, layer: int | None) -> list[int]:
    """All layers, or the one asked for.

    Raises:
        UsageError: The field has no such layer.
    """
    if layer is None:
        return list(range(len(field.layers)))
    if layer >= len(field.layers):
        names = ", ".join(f"{k} ({each.name})" for k, each in enumerate(field.layers))
        raise UsageError(f"the field has no layer {layer}; its layers are {names}")
    return [layer]


def numbered(path: Path, layer: int) -> Path:
    """``NAME.K.ext`` of a layer."""
    return path.with_name(f"{path.stem}.{layer}{path.suffix}")


def view_of(field: Field, segment: int | None) -> Field:
    """The field with the stills of a segment; None: as it is.

    Raises:
        UsageError: There is no such segment.
    """
    from engine.linked.field import LinkedField

    if segment is None:
        return field
    if isinstance(field, LinkedField):
        return field.seen_from(segment)
    if segment:
        raise UsageError(f"the field has no segment {segment}: one still serves all its frames")
    return field


def segment_field(field: Field, segment: int) -> Field:
    """The field of one segment alone, with its own frames; a field that is not linked itself.

    Raises:
        UsageError: There is no such segment.
    """
    from engine.linked.field import LinkedField

    view = view_of(field, segment)
    if not isinstance(view, LinkedField):
        return view
    # Where the clip is, the shot knows: a segment may have been fitted in another folder.
    return replace(view.segments.field(segment), source=view.source)


@dataclass(frozen=True)
class Still:
    """One of the stills that a command works with.

    Attributes:
        field: The field as that still sees it.
        output: Where its files go.
        frames: The frames that belong to it; None: all.
        segment: Number of its segment; None: one still serves all frames.
    """

    field: Field
    output: str
    frames: tuple[int, ...] | None = None
    segment: int | None = None

    @property
    def told(self) -> dict[str, Any]:
        """What an answer says of it."""
        return {} if self.segment is None else {"segment": self.segment}


def each_still(field: Field, segment: int | None, output: str) -> list[Still]:
    """The stills of a field, with names of files for each.

    Args:
        field: The field.
        segment: The one that is asked for, with every frame; None: each, with its own frames.
        output: A name; that of each becomes ``NAME.sN.ext``, the number of the frame kept.

    Raises:
        UsageError: There is no such segment.
    """
    from engine.linked.field import LinkedField

    if segment is not None or not isinstance(field, LinkedField):
        own = segment if isinstance(field, LinkedField) else None
        return [Still(view_of(field, segment), output, None, own)]
    path = Path(output)
    first, dot, rest = path.name.partition(".")
    return [
        Still(field.seen_from(n), str(path.with_name(f"{first}.s{n}{dot}{rest}")), part.frames, n)
        for n, part in enumerate(field.segments.parts)
    ]


def write_stills(
    field: Field,
    output: str | Path,
    *,
    segment: int | None,
    layer: int | None,
    scale: float | None,
    task: Task,
) -> dict[str, Any]:
    """Writes the canonical images: of a long shot those of each segment, ``NAME.sN.ext``.

    Args:
        field: The field.
        output: As for ``write_canonicals``.
        segment: One segment, whose stills get the name as it is; None: all.
        layer: As for ``write_canonicals``.
        scale: As for ``write_canonicals``.
        task: Progress and cancel.

    Returns:
        As ``write_canonicals``, and the segment of each layer of a long shot.

    Raises:
        UsageError: There is no such segment or layer.
        WriteError: It cannot be written.
    """
    written, layers, scales = [], [], []
    stills = each_still(field, segment, str(output))
    for n, still in enumerate(stills):
        part = task.part(n / len(stills), (n + 1) / len(stills))
        answer = write_canonicals(still.field, still.output, layer=layer, scale=scale, task=part)
        written += answer["written"]
        layers += [{**told, **still.told} for told in answer["layers"]]
        scales.append(answer["scale"])
    return {"written": written, "layers": layers, "scale": max(scales)}


def write_canonicals(
    field: Field,
    output: str | Path,
    *,
    layer: int | None,
    scale: float | None,
    task: Task,
    bits: int | None = None,
) -> dict[str, Any]:
    """Writes the canonical images: parts of one EXR, or files of their own.

    Args:
        field: The field.
        output: The file. PNG and TIFF hold the canvas (the data window) in 16-bit RGBA, with a
            sidecar ``NAME.codef.json`` that says where it lies.
        layer: One layer, or None for all.
        scale: Canonical pixels per frame pixel; None: as many as each still has.
        task: Progress and cancel.
        bits: Of an EXR: 16 (half) or 32; None: half. PNG and TIFF always have 16.

    Returns:
        ``{"written", "layers", "scale"}``.

    Raises:
        UsageError: No such layer, or a kind of file that cannot hold it.
        WriteError: It cannot be written.
    """
    from engine.edit.canonical import canonical_picture, own_scale, sidecar, sidecar_path
    from engine.io.atomic import clean_parts, replace_atomically
    from engine.io.write import WriteOptions, write_parts, write_picture

    path = Path(output)
    if path.suffix.lower() not in (".exr", ".png", ".tif", ".tiff"):
        raise UsageError(
            f"{path}: canonical images have an alpha channel; write .exr, .png or .tif", file=path
        )
    clean_parts(path.parent)
    working = str(field.source.get("working") or WriteOptions().working)
    layers = chosen_layers(field, layer)
    written = []
    if path.suffix.lower() == ".exr":
        # The parts of a file have one display window.
        scale = max(own_scale(field, k, scale) for k in layers)
        parts = []
        for count, k in enumerate(layers):
            task.report(count / len(layers), "canonical")
            parts.append((field.layers[k].name, canonical_picture(field, k, scale=scale)))
        write_parts(path, parts, WriteOptions(bits=bits, working=working))
        written.append(str(path))
    else:
        for count, k in enumerate(layers):
            task.report(count / len(layers), "canonical")
            file = path if len(layers) == 1 else numbered(path, k)
            options = WriteOptions(bits=16, working=working, whole_data=True)
            write_picture(file, canonical_picture(field, k, scale=scale), options)
            note = json.dumps(sidecar(field, k, scale), indent=1) + "\n"
            with replace_atomically(sidecar_path(file)) as part:
                part.write_text(note, encoding="utf-8")
            written.append(str(file))
    return {
        "written": written,
        "layers": [
            {"layer": k, "name": field.layers[k].name, "scale": own_scale(field, k, scale)}
            for k in layers
        ],
        "scale": max(own_scale(field, k, scale) for k in layers),
    }
