"""How a change of a still meets a frame, as tensors; ``engine.edit.kinds`` says what it means."""

import torch

from engine.kernels.mergekinds import FLOOR, KNOWN, LEAST, MIXED, MOST, WHOLE


def merge(
    result: torch.Tensor,
    covered: torch.Tensor,
    paint: torch.Tensor,
    below: torch.Tensor,
    plate: torch.Tensor,
    share: torch.Tensor | None,
    strength: torch.Tensor | None,
    gain: torch.Tensor | None,
    grade: torch.Tensor | None,
    *,
    kind: str,
    mix: float,
    lit: tuple[bool, bool],
) -> None:
    """As ``engine.kernels.backends.interface.Merge``."""
    alpha, known = paint[..., 3:], below[..., 3:]
    new, old = paint[..., :3], below[..., :3] / known.clamp(min=LEAST)
    if gain is not None:
        new = new * gain if lit[0] else new
        old = old * gain if lit[1] else old
    there = known > KNOWN
    old = torch.where(there, old, plate)
    fresh = new + old * (1 - alpha)
    stays = torch.where(there, _factor(kind, alpha, grade, fresh, old), 1 - alpha)
    much = torch.where(alpha > 0, mix, 0)
    if strength is not None:
        much = much * strength[..., None]
    if share is not None:
        pure = ((share[..., None] - MIXED) / (WHOLE - MIXED)).clamp(0, 1)
        much, stays = much * share[..., None], torch.where(there, 1 + pure * (stays - 1), stays)
    loss = much * (stays - 1)
    result += loss * (plate - old) + much * (fresh - old)
    covered += (much * alpha)[..., 0]


def _factor(
    kind: str,
    alpha: torch.Tensor,
    grade: torch.Tensor | None,
    new: torch.Tensor,
    below: torch.Tensor,
) -> torch.Tensor:
    """How much of the plate's own life stays, [h, w, 1 or 3]; see ``engine.edit.kinds.factors``."""
    if kind == "difference":
        return torch.ones_like(new)
    over = 1 - alpha
    if kind == "over" or (kind == "auto" and grade is None):
        return over
    ratio = ((new.clamp(min=0) + FLOOR) / (below.clamp(min=0) + FLOOR)).clamp(max=MOST)
    if kind == "ratio" or grade is None:
        return ratio
    return over + grade[..., None] * (ratio - over)
