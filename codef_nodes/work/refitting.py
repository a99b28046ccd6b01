"""What of a node's last fit can be kept when it is fitted again."""

from typing import Any

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.keys import hash_of
from engine.errors import CodefError
from engine.fields.field import Field

#: Knobs that change how long a fit takes, not what it is a fit of; and those of this choice itself.
FREE = ("seconds", "steps", "refit", "device")


def base_of(ctx: Context, identity: list[JSON], reads: dict[str, list[int | None]]) -> str:
    """Key of all that a fit reads but for its groups.

    Args:
        ctx: Of the node.
        identity: Of the files that it reads itself.
        reads: Frames of each input that it reads.
    """
    from codef_nodes.nodes.fit_codef import FitCoDeF

    inputs: dict[str, list[str]] = {
        port: [ctx.input_key(port, frame) for frame in frames]
        for port, frames in reads.items()
        if port != "groups" and ctx.has(port)
    }
    knobs = {k.name: ctx.knob(k.name) for k in FitCoDeF.knobs if k.name not in FREE}
    said: Any = [FitCoDeF.version, ctx.working_space, knobs, inputs, identity]
    return hash_of(said)


def last_fit(ctx: Context, base: str) -> Field | None:
    """The node's last fit, where all but its groups is as it was; else None."""
    from engine.fields.folder import load_field

    fit = ctx.assets.current(ctx.node_name, None)
    if fit is None or not fit.folder.is_dir():
        return None
    try:
        field = load_field(fit.folder)
    except CodefError:
        return None  # a broken fit is no reason not to make a whole one
    return field if field.report.get("base") == base else None
