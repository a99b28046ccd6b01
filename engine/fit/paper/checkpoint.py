"""Checkpoints of the ``paper`` fit: what to go on from after a crash, a kill or a cancel.

``paper.json`` names the step and the file with the tensors, which is written first under a new
name; so there is a whole checkpoint on the disk at every moment.
"""

import json
import os
from pathlib import Path
from typing import Any

import torch

from engine.errors import InputError, UsageError, WriteError

_NOTE = "paper.json"


def save(folder: Path, step: int, agree: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    """Writes a checkpoint and removes the one before it.

    Args:
        folder: Made where it is absent.
        step: Steps done.
        agree: What a fit that goes on from here must have in common; JSON-able.
        tensors: Everything that changes from step to step.

    Raises:
        WriteError: The folder cannot be written.
    """
    from safetensors.torch import save_file

    name = f"paper-{step:08d}.safetensors"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f"{name}.writing"
        save_file({key: t.detach().cpu() for key, t in tensors.items()}, temporary)
        os.replace(temporary, folder / name)
        note = folder / f"{_NOTE}.writing"
        text = json.dumps({"schema": 1, "step": step, "tensors": name, "agree": agree}, indent=1)
        note.write_text(text, encoding="utf-8")
        os.replace(note, folder / _NOTE)
    except OSError as wrong:
        raise WriteError(
            f"cannot write the checkpoint in {folder}: {wrong.strerror or wrong}; free some space "
            "or choose another output folder",
            file=folder,
        ) from wrong
    for old in folder.glob("paper-*.safetensors*"):
        if old.name != name:
            old.unlink(missing_ok=True)


def load(folder: Path, agree: dict[str, Any], tensors: dict[str, torch.Tensor]) -> int:
    """Copies a checkpoint into the tensors.

    Args:
        folder: Where ``save`` wrote.
        agree: As in ``save``.
        tensors: Filled in place.

    Returns:
        Steps done; 0 when there is no checkpoint yet.

    Raises:
        UsageError: The checkpoint belongs to another fit.
        InputError: The checkpoint cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    note = folder / _NOTE
    if not note.exists():
        return 0
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        step, name, known = int(told["step"]), str(told["tensors"]), dict(told["agree"])
        found = load_file(folder / Path(name).name)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as wrong:
        raise InputError(
            f"the checkpoint in {folder} cannot be read ({type(wrong).__name__}: {wrong}); "
            "start the fit again without --resume",
            file=note,
        ) from wrong
    other = sorted(key for key in agree if known.get(key) != agree[key])
    if other or found.keys() != tensors.keys():
        raise UsageError(
            f"the checkpoint in {folder} belongs to another fit "
            f"({', '.join(other) or 'other groups'} differ); start again without --resume",
            file=note,
        )
    with torch.no_grad():
        for key, tensor in tensors.items():
            if found[key].shape != tensor.shape:
                raise UsageError(
                    f"the checkpoint in {folder} belongs to a fit of another size; "
                    "start again without --resume",
                    file=note,
                )
            tensor.copy_(found[key])
    return step


def clear(folder: Path) -> None:
    """Removes the files of ``save``, and nothing else, once the field is safe on the disk."""
    for file in [folder / _NOTE, *folder.glob("paper-*.safetensors*")]:
        file.unlink(missing_ok=True)
