"""Propagate: the edit goes into every frame."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.nodes.finish_knobs import FINISH_KNOBS
from codef_nodes.nodes.frames import frames_of_both
from codef_nodes.nodes.merge import MASK_CHANNELS
from codef_nodes.work.memo import Memo
from codef_nodes.work.source import SOURCE
from engine.errors import EditError, UsageError
from engine.fields.field import Field
from engine.io.picture import Picture

if TYPE_CHECKING:
    from engine.arrays import F32
    from engine.edit.carrier import Carrier
    from engine.edit.finish import Finish
    from engine.linked.carry import Carried
    from engine.linked.frames import Painted

log = logging.getLogger(__name__)

OUTPUTS = ("result", "edit", "holdout", "light", "highlight", "blur")
EDITS, FRAME_EDITS = Memo(), Memo()
"""Edits matched with the layers, found once for all frames."""


@register
class Propagate(Node):
    """Carries an edit of the canonical image, or painted frames, to every frame."""

    type: ClassVar[str] = "Propagate"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("Carry", "Warp back", "Apply")
    help: ClassVar[str] = (
        "Carries an edit of the canonical image into every frame: what was not edited stays the "
        "source, bit for bit."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port(
            "source",
            "image",
            "The frames to put the edit on; without it the clip that the fit was made of.",
            optional=True,
        ),
        Port("field", "field", "The fit."),
        Port(
            "edit",
            "image",
            "An edited canonical image for each layer that is edited, or an edited stabilised "
            "sequence; it knows its layer.",
            optional=True,
            variadic=True,
        ),
        Port(
            "frame_edit",
            "image",
            "Painted frames as the edit; say in the knob edit_frames which frames they are.",
            optional=True,
            variadic=True,
        ),
        Port("mask", "image", "Where the edit shows: white is wholly.", optional=True),
    )
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "mode",
            "choice",
            "over",
            "Put the change over the source's frames (over), or draw the whole frame from the "
            "edited canonical image (replace).",
            choices=("over", "replace"),
        ),
        Knob(
            "mix",
            "float",
            1.0,
            "How much of the edit is seen: at 0 the frames are the source's.",
            minimum=0,
            maximum=1,
        ),
        Knob(
            "output",
            "choice",
            "result",
            "The frame with the edit in it (result); the edit alone as premultiplied RGBA, which "
            "over the frame gives the result again (edit); or what was found on the way: what is "
            "in front (holdout), the factor of light on the edit (light), the light over it "
            "(highlight), its motion in pixels with the blur for focus in blue (blur).",
            choices=OUTPUTS,
        ),
        Knob(
            "layers",
            "arguments",
            [],
            "Layer of each edit, by number from 0 or by name, in the order of the wires; an empty "
            "one asks the picture itself.",
        ),
        Knob(
            "edit_frames",
            "frames",
            "",
            "Frame numbers of the painted frames, in rising order as they are wired.",
        ),
        Knob(
            "mask_channel",
            "choice",
            "auto",
            "Which channel of the mask counts; auto takes alpha where there is one.",
            choices=MASK_CHANNELS,
        ),
        Knob("invert_mask", "bool", False, "Show the edit where the mask is black, not white."),
        *FINISH_KNOBS,
        Knob(
            "device",
            "text",
            "auto",
            "Where frames are made: auto, cpu, cuda or cuda:N; a card and the processor agree to "
            "rounding.",
            choices=("auto", "cpu", "cuda"),
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Frames that both the source and the fit have."""
        return frames_of_both(ctx)

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """Edits at this frame (strokes may have a lifetime); painted frames at their own."""
        if port == "frame_edit":
            return _edit_frames(ctx)
        if port == "source" and ctx.has("frame_edit"):
            # The painted frames are compared with the plates that they were painted on.
            return tuple(dict.fromkeys((ctx.frame_or_none, *_edit_frames(ctx))))
        return (ctx.frame_or_none,)

    def compute(self, ctx: Context) -> Any:
        """The frame with the edit in it."""
        import numpy as np

        from engine.edit.outputs import edit_alone
        from engine.linked.carry import carry, carry_alone, over_plate
        from engine.linked.frames import carry_frames, carry_frames_alone

        field: Field = ctx.input("field")
        index = field.index(ctx.frame)
        plate = plate_at(ctx, field, ctx.frame)
        mix, mode = ctx.knob("mix"), ctx.knob("mode")
        mask = mask_of(ctx, plate)
        edits = prepared(ctx, field)
        asked = {"mix": mix, "mask": mask, "task": ctx.task, "finish": finish_of(ctx)}
        here = {**asked, "on": carrier_of(ctx)}
        if ctx.knob("output") not in ("result", "edit"):
            return _found(ctx, field, edits, plate, here)
        drawn = bool(edits) or mode == "replace"
        if ctx.has("frame_edit") and not drawn:
            painted = _frame_edits(ctx, field)
            if ctx.knob("output") == "result":
                return carry_frames(field, painted, plate, index, **asked)
            return carry_frames_alone(field, painted, plate, index, **asked)[1]
        if ctx.knob("output") == "result" and not ctx.has("frame_edit"):
            return carry(field, edits, plate, index, mode=mode, **here) if drawn else plate
        result, alone = carry_alone(field, edits, plate, index, mode=mode, **here)
        if ctx.has("frame_edit"):
            # What is in front and how it is lit is told by the plate, not by what lies over it.
            painted = _frame_edits(ctx, field)
            upper = carry_frames_alone(field, painted, plate, index, **asked)[1]
            result, over = over_plate(result, [upper]), (1 - alone.alpha) * (1 - upper.alpha)
            alone = edit_alone(result, plate, np.float32(1) - over)
        return alone if ctx.knob("output") == "edit" else result


def _found(
    ctx: Context, field: Field, edits: "Carried", plate: Picture, asked: dict[str, Any]
) -> Picture:
    """What putting the edits into the frame found out about it."""
    from engine.linked.carry import carry_pass

    if ctx.knob("mode") != "over":
        raise UsageError(
            f"{ctx.node_name}: only mode over finds {ctx.knob('output')}; choose output result",
            node=ctx.node_name,
        )
    index = field.index(ctx.frame)
    return carry_pass(field, edits, plate, index, ctx.knob("output"), **asked)


def finish_of(ctx: Context) -> "Finish":
    """How the edits of a Propagate node meet the plate, from its knobs."""
    from engine.edit.finish import Finish

    return Finish(**{knob.name: ctx.knob(knob.name) for knob in FINISH_KNOBS})


def mask_of(ctx: Context, plate: Picture) -> "F32 | None":
    """Where the edits of a Propagate node show, [H, W] over the plate; None: everywhere."""
    from codef_nodes.work.merging import matte

    if not ctx.has("mask"):
        return None
    mask = matte(ctx.input("mask"), ctx.knob("mask_channel"), plate.data)
    return 1 - mask if ctx.knob("invert_mask") else mask


def carrier_of(ctx: Context) -> "Carrier | None":
    """What carries the edits of a Propagate node on its device; None on the processor."""
    from engine.edit.device import carrier_for

    return carrier_for(
        ctx.knob("device"), lambda sentence: ctx.note(f"{ctx.node_name}: {sentence}")
    )


def plate_at(ctx: Context, field: Field, frame: int) -> Picture:
    """The frame that a Propagate node puts its edits on."""
    if ctx.has("source"):
        picture: Picture = ctx.input("source", frame)
        return picture
    from codef_nodes.work.source import source_of

    return source_of(field, None).read(frame)


def _edit_frames(ctx: Context) -> tuple[int, ...]:
    from engine.io.frames import parse_frames

    text, wires = ctx.knob("edit_frames"), len(ctx.wired("frame_edit"))
    if not wires:
        return ()
    frames = parse_frames(text) if text else ()
    if len(frames) != wires:
        raise UsageError(
            f"{ctx.node_name} has {wires} painted frames and {len(frames)} numbers in edit_frames; "
            "give one number for each",
            node=ctx.node_name,
        )
    return frames


def prepared(ctx: Context, field: Field) -> "Carried":
    """The edits that a Propagate node carries, by still and layer; found once for all frames."""
    from engine.edit.edits import EditSource
    from engine.edit.placement import read_sidecar
    from engine.edit.stabilise import StablePlate
    from engine.linked.carry import prepare_carried

    pictures: list[Picture] = ctx.inputs("edit")
    layers = ctx.knob("layers")
    if len(layers) > len(pictures):
        raise UsageError(
            f"{ctx.node_name} names {len(layers)} layers for {len(pictures)} edits; take some away",
            node=ctx.node_name,
        )
    said = tuple(
        layers[n].strip() or None if n < len(layers) else None for n in range(len(pictures))
    )

    # Only what changes with the frame may be an edited stabilised plate.
    moving = [
        frames is not None and ctx.frame_or_none is not None for frames in ctx.wire_frames("edit")
    ]
    plate = plate_at(ctx, field, ctx.frame) if any(moving) else None

    def stable(view: Field) -> StablePlate:
        return StablePlate(view, field.index(ctx.frame), plate_at(ctx, field, ctx.frame))

    def make() -> "Carried":
        sources = []
        for picture, layer, moves in zip(pictures, said, moving, strict=True):
            file = _file_of(picture)
            beside = None if file is None else read_sidecar(file)
            # Only a picture that is still the file's own is judged as that kind of file.
            path = None if picture.native is None else file
            sources.append(
                EditSource(picture, path=path, layer=layer, sidecar=beside, moving=moves)
            )
        found = prepare_carried(
            field,
            sources,
            mode=ctx.knob("mode"),
            working=ctx.working_space,
            stable=None if plate is None else stable,
        )
        for view, edits in found:
            for k, edit in sorted(edits.items()):
                if edit.how.startswith("registered"):  # a guess, which a person should know of
                    log.warning(
                        "%s: the edit of %s was placed on the canvas by likeness (%s); look at it",
                        ctx.node_name,
                        view.layers[k].name,
                        edit.how,
                    )
        return found

    try:
        made_of = (field, *pictures) if plate is None else (field, plate, *pictures)
        return EDITS.get(made_of, (ctx.knob("mode"), ctx.working_space, *said), make)
    except EditError as error:
        error.message = error.message.replace("--layer", "the knob layers")
        raise


def _file_of(picture: Picture) -> Path | None:
    """The file that a single picture was loaded from, and may have a sidecar."""
    note = picture.metadata.get(SOURCE)
    path = Path(str(note.get("path"))) if isinstance(note, dict) else None
    return path if path is not None and path.is_file() else None


def _frame_edits(ctx: Context, field: Field) -> "Painted":
    from engine.linked.frames import paint_of_frames

    frames = _edit_frames(ctx)
    painted: list[Picture] = [
        ctx.inputs("frame_edit", frame)[place] for place, frame in enumerate(frames)
    ]

    def make() -> "Painted":
        given = [
            (frame, picture, plate_at(ctx, field, frame))
            for frame, picture in zip(frames, painted, strict=True)
        ]
        return paint_of_frames(field, given, working=ctx.working_space)

    return FRAME_EDITS.get((field, *painted), (frames, ctx.working_space), make)
