"""Reads tensors, and nothing but tensors, from the files that torch writes."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor


def read_tensors(file: Path, advice: str) -> "dict[str, Tensor]":
    """The tensors of a checkpoint that is a plain dictionary of tensors.

    Args:
        file: Written by ``torch.save``.
        advice: What to do when it is broken, for the message.

    Returns:
        Name to tensor, on the CPU.

    Raises:
        InputError: The file is absent, damaged, or holds something other than tensors.
    """
    import torch

    try:
        raw = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # each kind of damage raises a class of its own
        raise InputError(f"{file}: the weights cannot be read; {advice}", file=file) from error
    if not isinstance(raw, Mapping) or not all(isinstance(x, torch.Tensor) for x in raw.values()):
        raise InputError(f"{file}: this is no dictionary of tensors; {advice}", file=file)
    return {str(name): tensor for name, tensor in raw.items()}
