"""Which frames a node with several inputs offers."""

from codef_nodes.graph.context import Context
from engine.errors import UsageError


def first_moving(ctx: Context, *ports: str) -> tuple[int, ...] | None:
    """Frames of the first of these inputs that has any; None when all are stills."""
    for port in ports:
        if ctx.has(port):
            frames = ctx.input_frames(port)
            if frames is not None:
                return frames
    return None


def frames_of_both(ctx: Context) -> tuple[int, ...] | None:
    """Frames that the inputs ``source`` and ``field`` have both; without a source the fit's.

    Raises:
        UsageError: They have none in common.
    """
    fitted = ctx.input_frames("field")
    there = ctx.input_frames("source") if ctx.has("source") else None
    if there is None or fitted is None:
        return fitted or there
    known = set(fitted)
    both = tuple(frame for frame in there if frame in known)
    if not both:
        raise UsageError(
            f"the source of {ctx.node_name} has none of the frames that were fitted "
            f"({fitted[0]}-{fitted[-1]}); wire the clip that the fit was made of",
            node=ctx.node_name,
        )
    return both
