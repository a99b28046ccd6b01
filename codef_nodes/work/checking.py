"""The self-test of a field: what ``codef check`` does."""

from typing import Any

from codef_nodes.work.propagating import chosen_source
from codef_nodes.work.source import open_field
from engine.errors import FieldError
from engine.progress import Task


def check(
    path: str,
    *,
    source: str | None,
    first: int | None,
    colour_space: str | None,
    working: str | None,
    task: Task,
) -> dict[str, Any]:
    """Runs the self-test.

    Returns:
        The figures, ``"ok"`` among them; when it is false also ``"failure"``.

    Raises:
        CodefError: The field or its clip cannot be read.
    """
    from engine.edit.check import check_field

    field = open_field(path)
    clip = chosen_source(field, source, first, colour_space, working)
    answer: dict[str, Any] = {
        "field": path,
        **check_field(field, clip.read, task, working=clip.working),
    }
    if not answer["ok"]:
        answer["failure"] = FieldError(
            f"{path} fails its self-test: the canonical image put back differs by "
            f"{answer['difference_db']:.3f} dB, {len(answer['changed_frames'])} unedited frames "
            "are not bit-exact; fit again and report it",
            file=path,
        )
    return answer


def describe(answer: dict[str, Any]) -> str:
    """The figures as text."""
    exact = "every one bit for bit" if answer["bit_exact"] else "NOT bit for bit"
    return (
        f"{answer['frames']} frames, edit path {answer['psnr_edit_path']:.2f} dB\n"
        f"untouched canonical put back: {answer['psnr_replace']:.2f} dB "
        f"(differs by {answer['difference_db']:.4f} dB)\n"
        f"unedited clip through `over`: {exact}\n"
        f"{'passed' if answer['ok'] else 'FAILED'}"
    )
