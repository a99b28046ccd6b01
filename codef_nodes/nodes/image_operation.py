"""ImageOperation: one operation of the catalogue on a picture."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.nodes.frames import first_moving
from codef_nodes.nodes.merge import MASK_CHANNELS
from engine.errors import UsageError
from engine.operations.catalogue import Operation, operations
from engine.operations.parameters import Parameter

EXTERNAL = "external"
"""The operation that starts another program."""

COMMAND = "external_command"
"""Its knob with the argument list."""


def knob_name(operation: str, parameter: str) -> str:
    """Name of the knob of an operation's parameter: ``grade_gain``."""
    return f"{operation}_{parameter}"


def _default(parameter: Parameter) -> JSON:
    value = parameter.default
    if parameter.kind == "colour" and isinstance(value, int | float):
        return [float(value)] * 3
    return list(value) if isinstance(value, tuple) else value


def _knob(operation: Operation, parameter: Parameter) -> Knob:
    return Knob(
        knob_name(operation.name, parameter.name),
        parameter.kind,
        _default(parameter),
        parameter.help,
        label=parameter.name.replace("_", " ").capitalize(),
        minimum=parameter.low,
        maximum=parameter.high,
        choices=parameter.choices,
        unit=parameter.unit,
        page=operation.title,
    )


def _further() -> tuple[str, ...]:
    """Names of the further pictures that some operation reads."""
    names = dict.fromkeys(name for entry in operations().values() for name in entry.inputs)
    return tuple(name for name in names if name not in ("image", "mask"))


@register
class ImageOperation(Node):
    """The catalogue as one node; its knobs come from the catalogue's descriptions."""

    type: ClassVar[str] = "ImageOperation"
    title: ClassVar[str] = "Image operation"
    category: ClassVar[str] = "Edit"
    aliases: ClassVar[tuple[str, ...]] = tuple(entry.title for entry in operations().values())
    help: ClassVar[str] = (
        "Changes a picture by one operation of the catalogue; the knobs of the chosen operation "
        "are on the page of its name."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port("image", "image", "The picture to work on: a canonical image, or frames."),
        Port("mask", "image", "Where the operation has an effect: white is wholly.", optional=True),
        *(
            Port(name, "image", f"A second picture, for operations that need one ({name}).", True)
            for name in _further()
        ),
    )
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "operation",
            "choice",
            "grade",
            "Which operation to run.",
            choices=tuple(operations()),
        ),
        Knob(
            "mix",
            "float",
            1.0,
            "How much of the effect is seen: at 0 the picture passes through untouched.",
            minimum=0,
            maximum=1,
        ),
        Knob(
            "mask_channel",
            "choice",
            "auto",
            "Which channel of the mask counts; auto takes alpha where there is one.",
            choices=MASK_CHANNELS,
        ),
        Knob("invert_mask", "bool", False, "Work where the mask is black instead of white."),
        *(
            _knob(entry, parameter)
            for entry in operations().values()
            for parameter in entry.parameters
        ),
    )

    @classmethod
    def external_command(cls, knob: Callable[[str], JSON]) -> tuple[str, ...]:
        """That of the operation which starts another program."""
        return tuple(knob(COMMAND)) if knob("operation") == EXTERNAL else ()

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Those of the picture; over a still, those of what is mixed in."""
        return first_moving(ctx, "image", *(name for name in (*_used(ctx), "mask")))

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """Leaves out pictures that the chosen operation does not use."""
        if port not in ("image", "mask", *_used(ctx)):
            return ()
        return (ctx.frame_or_none,)

    def compute(self, ctx: Context) -> Any:
        """The changed picture."""
        from codef_nodes.work.merging import matte
        from engine.operations.run import apply_operation

        picture = ctx.input("image")
        mix = ctx.knob("mix")
        if mix == 0:
            return picture
        entry = operations()[ctx.knob("operation")]
        if entry.name == EXTERNAL and not ctx.may_run(ctx.knob(COMMAND)):
            raise UsageError(
                f"{ctx.node_name} runs another program, and documents may not do so unasked; look "
                "at its command, then allow it with --allow-external or, once for this machine, by "
                "rendering in a terminal",
                node=ctx.node_name,
            )
        mask = None
        if ctx.has("mask"):
            mask = matte(ctx.input("mask"), ctx.knob("mask_channel"), picture.data)
            mask = 1 - mask if ctx.knob("invert_mask") else mask
        result = apply_operation(
            entry.name,
            picture,
            {p.name: ctx.knob(knob_name(entry.name, p.name)) for p in entry.parameters},
            mask,
            mix,
            inputs={name: ctx.input(name) for name in entry.inputs if ctx.has(name)},
            frame=ctx.frame_or_none,
            task=ctx.task,
        )
        kept = {**picture.metadata, **result.metadata}
        return result if result is picture else replace(result, metadata=kept)


def _used(ctx: Context) -> tuple[str, ...]:
    return operations()[ctx.knob("operation")].inputs
