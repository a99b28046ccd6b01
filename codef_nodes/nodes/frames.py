"""Which frames a node with several inputs offers."""

from codef_nodes.graph.context import Context


def first_moving(ctx: Context, *ports: str) -> tuple[int, ...] | None:
    """Frames of the first of these inputs that has any; None when all are stills."""
    for port in ports:
        if ctx.has(port):
            frames = ctx.input_frames(port)
            if frames is not None:
                return frames
    return None
