"""Weights of GMFlow: from the published checkpoint to a safe file, and from there to a network."""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import InputError
from engine.flow.checkpoint import read_tensors
from engine.flow.gmflow.network import PUBLISHED, Gmflow, Size, expected
from engine.io.atomic import replace_atomically

#: What the file says about its own content.
KIND = "codef gmflow 1"


def _size_of(weights: Mapping[str, Tensor]) -> Size | None:
    """The size of the network that weights belong to, None where they are not GMFlow's."""
    names = ("backbone.conv1", "backbone.layer2.0.conv1", "backbone.conv2", "upsampler.0")
    try:
        first, second, third, upsampler = (len(weights[f"{name}.weight"]) for name in names)
    except (KeyError, TypeError):
        return None
    found = (re.match(r"transformer\.layers\.(\d+)\.", name) for name in weights)
    blocks = {int(match[1]) for match in found if match}
    return Size((first, second, third), len(blocks), upsampler)


def _checked(weights: Mapping[str, Tensor], size: Size, file: Path) -> None:
    there = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    wanted = dict(expected(size))
    wrong = sorted(name for name in there.keys() | wanted if there.get(name) != wanted.get(name))
    if wrong:
        raise InputError(
            f"{file}: these are not the weights of GMFlow ({len(wrong)} tensors differ, such as "
            f"{wrong[0]}); get them again with `codef models get gmflow`",
            file=file,
        )
    broken = [name for name, tensor in weights.items() if not bool(tensor.isfinite().all())]
    if broken:
        raise InputError(
            f"{file}: the weights {broken[0]} hold numbers that are not finite; get them again "
            "with `codef models get gmflow`",
            file=file,
        )


def convert(
    checkpoint: Path | str, target: Path | str, notes: Mapping[str, str], size: Size = PUBLISHED
) -> None:
    """Turns a published checkpoint into a safetensors file.

    Names, shapes and values are checked; nothing but tensors is read (``weights_only``).

    Args:
        checkpoint: A torch file with a dictionary of tensors.
        target: The file to write; an older one is replaced.
        notes: Kept in the file: source, checksum, licences.
        size: The size of network that is wanted.

    Raises:
        InputError: The checkpoint cannot be read or holds something else.
        WriteError: The file cannot be written.
    """
    checkpoint, target = Path(checkpoint), Path(target)
    raw = read_tensors(checkpoint, "get it again with `codef models get gmflow`")
    weights = {name: tensor.float().contiguous() for name, tensor in raw.items()}
    _checked(weights, size, checkpoint)

    def readable(part: Path) -> None:
        _checked(_read(part), size, target)

    with replace_atomically(target, readable) as part:
        save_file(weights, part, metadata={**notes, "kind": KIND})


def _read(file: Path) -> dict[str, Tensor]:
    try:
        with safe_open(file, "pt") as opened:
            kind = (opened.metadata() or {}).get("kind")
            if kind != KIND:
                raise InputError(
                    f"{file}: this file holds no weights of GMFlow; get them with "
                    "`codef models get gmflow`",
                    file=file,
                )
            return {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"{file}: the weights cannot be read; get them again with `codef models get gmflow`",
            file=file,
        ) from error


def load(file: Path | str, device: str = "cpu") -> Gmflow:
    """A network ready to use.

    Args:
        file: Made by ``convert``.
        device: Of torch.

    Raises:
        InputError: The file is absent, broken or holds something else.
    """
    file = Path(file)
    weights = _read(file)
    size = _size_of(weights) or PUBLISHED
    _checked(weights, size, file)
    with torch.device("meta"):
        network = Gmflow(size)
    network.load_state_dict(weights, assign=True)
    network.requires_grad_(False)
    return network.to(device).eval()
