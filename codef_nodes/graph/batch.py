"""A render of several nodes as one piece of work."""

from collections.abc import Sequence

from codef_nodes.graph.context import RenderOptions
from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import FITS, Evaluator
from codef_nodes.graph.jsonvalue import JSON
from engine.errors import UsageError
from engine.progress import Task


def writers(document: Document) -> list[str]:
    """Names of the enabled nodes that write.

    Raises:
        UsageError: There are none.
    """
    names = [
        name
        for name, state in document.nodes.items()
        if not state.disabled and document.node_class(name).writes
    ]
    if not names:
        raise UsageError(
            "no enabled node of the document writes anything; add a WriteSequence, or say "
            "which node to render"
        )
    return names


def render_nodes(
    evaluator: Evaluator,
    nodes: Sequence[str],
    frames: Sequence[int] | None,
    options: RenderOptions | None,
    task: Task,
) -> list[JSON]:
    """Renders nodes in order, what has to be fitted first; one summary each.

    Args:
        evaluator: Of the document.
        nodes: Names.
        frames: Frame numbers; None: all that each node offers.
        options: About failures and files that are there.
        task: Progress and cancel.

    Raises:
        CodefError: With the node's name.
        Cancelled: The person stopped the render.
    """
    for name in nodes:
        evaluator.document.state(name)
    fits = [evaluator.prepare(name, frames, options, task.part(0.0, FITS, name)) for name in nodes]
    low = FITS if any(fits) else 0.0
    span = 1 - low
    summaries: list[JSON] = []
    for name, share in zip(nodes, _shares(evaluator, nodes, frames), strict=True):
        high = low + span * share
        part = task.part(low, high, name)
        summaries.append(evaluator.render(name, frames, options=options, task=part))
        low = high
    task.report(1.0, nodes[-1])
    return summaries


def _shares(
    evaluator: Evaluator, nodes: Sequence[str], frames: Sequence[int] | None
) -> list[float]:
    """Share of the progress of each node that is rendered, by its frames."""
    counts = []
    for name in nodes:
        wanted = evaluator.render_frames(name) if frames is None else frames
        counts.append(max(len(wanted), 1))
    return [count / sum(counts) for count in counts]
