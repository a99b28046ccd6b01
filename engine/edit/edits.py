"""Edited pictures matched with the layers of a field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.colour.ocio import DEFAULT_WORKING
from engine.edit.change import change_of
from engine.edit.editlayer import EditLayer
from engine.edit.placement import Placed, place_edit, read_sidecar
from engine.errors import EditError
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.warp.sheet import Sheet

if TYPE_CHECKING:
    from engine.edit.stabilise import StablePlate

MODES = ("over", "replace")


@dataclass(frozen=True)
class EditSource:
    """An edited canonical image as it came back.

    Attributes:
        picture: The edit.
        part: Name of its part in a multi-part file, else "".
        path: Its file, or None when it comes from the graph.
        layer: Name or number of the layer it is for, as the person said, or None.
        sidecar: What ``NAME.codef.json`` beside it says; read from ``path`` when None.
        moving: It is one frame of a sequence, so that it may be an edited stabilised plate.
    """

    picture: Picture
    part: str = ""
    path: Path | None = None
    layer: str | int | None = None
    sidecar: Mapping[str, Any] | None = None
    moving: bool = False


@dataclass(frozen=True, eq=False)
class Edit:
    """An edit of one layer, ready to be carried to frames.

    Attributes:
        placed: The whole edited picture on its canvas.
        change: What it changes (for ``over``), or None when nothing.
        how: How the picture was placed, for a person.
        compared: Whether ``change`` was looked for (it is not in mode ``replace``).
    """

    placed: Placed
    change: EditLayer | None
    how: str
    compared: bool = True

    @property
    def lit(self) -> bool:
        """The field's light belongs on it; see ``EditLayer.lit``."""
        return self.change is None or self.change.lit

    @cached_property
    def sheet(self) -> Sheet:
        """The whole edited picture (for ``replace``)."""
        return self.placed.sheet()


def layer_index(field: Field, layer: str | int) -> int:
    """A layer's number from its name or number.

    Raises:
        EditError: The field has no such layer.
    """
    names = [item.name for item in field.layers]
    text = str(layer)
    if text in names:
        return names.index(text)
    if text.isdecimal() and int(text) < len(names):
        return int(text)
    raise EditError(f"the field has no layer {text!r}; its layers are {', '.join(names)}")


def matched_layer(
    field: Field, source: EditSource, sidecar: Mapping[str, Any] | None, alone: bool
) -> int:
    """The layer that an edit is for.

    Raises:
        EditError: Nothing says which.
    """
    name = str(source.path or source.part or "the edit")
    if source.layer is not None:
        return layer_index(field, source.layer)
    known = {item.name: k for k, item in enumerate(field.layers)}
    told = source.picture.metadata.get("codef/layer")
    if sidecar is not None and told is None:
        told = sidecar.get("layer")
    for label in (source.part, told):
        if label is not None and str(label) in known:
            return known[str(label)]
    if told is not None:
        return layer_index(field, str(told))
    if len(field.layers) == 1:
        return 0
    what = "says no layer" if alone else f"has a part {source.part!r} that names no layer"
    raise EditError(
        f"{name} {what} and the field has {len(known)} ({', '.join(known)}); give --layer",
        file=source.path,
    )


def prepare_edits(
    field: Field,
    sources: Sequence[EditSource],
    *,
    mode: str = "over",
    working: str = DEFAULT_WORKING,
    stable: "StablePlate | None" = None,
) -> dict[int, Edit]:
    """Matches edits with layers, places them, and finds what they change.

    A part goes to the layer of its name; a single part to the layer that was said, or that its
    header or sidecar names; with one layer there is no question. Layers without an edit are
    unedited.

    Args:
        field: The field.
        sources: The edits; the parts of one file are several sources.
        mode: ``over`` (needs the change) or ``replace``.
        working: The working space.
        stable: The frame that moving edits are for. One that says that it is a stabilised frame,
            or is more like it than like the canonical image, is compared with that.

    Returns:
        Layer number to edit.

    Raises:
        EditError: No layer or two edits for one, a picture that cannot be placed, a JPEG in
            ``over``, an unknown mode.
    """
    from engine.edit.stabilise import made_on_frame

    if mode not in MODES:
        raise EditError(f"unknown mode {mode!r}; use one of {', '.join(MODES)}")
    edits: dict[int, Edit] = {}
    for source in sources:
        lossy = source.path is not None and source.path.suffix.lower() in (".jpg", ".jpeg")
        if lossy and mode == "over":
            raise EditError(
                f"{source.path} is a JPEG: its compression changes every pixel, so only "
                "--mode replace can use it; save the edit as PNG, TIFF or EXR",
                file=source.path,
            )
        sidecar = source.sidecar
        if sidecar is None and source.path is not None:
            sidecar = read_sidecar(source.path)
        k = matched_layer(field, source, sidecar, len(sources) == 1)
        if k in edits:
            raise EditError(
                f"there are two edits for layer {field.layers[k].name}; give one per layer",
                file=source.path,
            )
        try:
            placed = place_edit(source.picture, field, k, sidecar)
        except EditError as error:
            if source.path is None or error.file is not None:
                raise
            raise EditError(f"{source.path}: {error.message}", file=source.path) from error
        against = None
        if stable is not None and source.moving:
            against = stable.reference_of(source.picture, placed, k, working)
        change = None
        if mode == "over":
            change = change_of(source.picture, placed, field, k, working, against)
            if change is not None and against is not None:
                change = made_on_frame(change, field, k, placed, against)
        how = placed.how if against is None else f"{placed.how}, stabilised"
        edits[k] = Edit(placed, change, how, mode == "over")
    return edits
