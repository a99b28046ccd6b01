"""Reading the data folders and the configuration of the published CoDeF code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import U8, AnyArray
from engine.errors import DocumentError, InputError
from engine.publishedconfig import map_config

__all__ = ["PublishedLayout", "map_config", "published_mask", "read_config", "read_layout"]

#: A pixel belongs to a published mask from this grey value (of 255) on.
MASK_THRESHOLD = 5

_MASKS = re.compile(r"_masks_(\d+)")


@dataclass(frozen=True)
class PublishedLayout:
    """What was found in ``all_sequences/NAME``.

    Attributes:
        name: The clip's name.
        frames: Folder of the frames, in lexical order.
        masks: Folders of the groups' masks, **front to back** as everywhere in this program. In
            the published layout the last mask wins, so this is its order reversed. Read the
            pictures through ``published_mask``.
        flow: Folder of ``%06d.npy`` (index i: frame i to i + 1, counted from 0), or None.
        confidence: Folder of ``%06d_c.npy``, or None.
        edited: Folders of edited canonical pictures (``EXP_control``), one picture per group in
            the published order.
        notes: Sentences for the person, such as a folder that is left out.
    """

    name: str
    frames: Path
    masks: tuple[Path, ...] = ()
    flow: Path | None = None
    confidence: Path | None = None
    edited: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def _holds_files(folder: Path) -> bool:
    return folder.is_dir() and any(
        item.is_file() and not item.name.startswith(".") for item in folder.iterdir()
    )


def read_layout(folder: str | Path) -> PublishedLayout:
    """Looks what a folder of the published layout holds.

    Args:
        folder: ``all_sequences/NAME``, with ``NAME``, ``NAME_masks_0`` ..., ``NAME_masks``,
            ``NAME_flow`` and ``NAME_flow_confidence`` inside.

    Returns:
        Its parts.

    Raises:
        InputError: No such folder, or no frames in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(
            f"there is no folder {root}; name the folder all_sequences/NAME", file=root
        )
    name = root.resolve().name
    try:
        folders = {item.name: item for item in root.iterdir() if item.is_dir()}
        if name not in folders or not _holds_files(folders[name]):
            raise InputError(
                f"{root} is no clip of the published layout: it has no folder {name} with frames; "
                "name a folder such as all_sequences/NAME",
                file=root,
            )
        numbered = {}
        for item in folders:
            match = _MASKS.fullmatch(item.removeprefix(name)) if item.startswith(name) else None
            if match is not None and _holds_files(folders[item]):
                numbered[int(match[1])] = folders[item]
        notes = []
        masks = [numbered[k] for k in sorted(numbered)]
        single = folders.get(f"{name}_masks")
        if single is not None and _holds_files(single):
            if masks:
                notes.append(f"{single.name} is left out, since {masks[0].name} is there")
            else:
                masks = [single]
        gaps = sorted(set(range(max(numbered, default=-1) + 1)) - set(numbered))
        if gaps:
            missing = ", ".join(f"{name}_masks_{k}" for k in gaps)
            notes.append(f"{missing} is missing; the other masks keep their order")
        flow = folders.get(f"{name}_flow")
        confidence = folders.get(f"{name}_flow_confidence")
        edited = [
            item
            for parent in (root, folders[name])
            for item in sorted(parent.iterdir())
            if item.name.endswith("_control") and _holds_files(item)
        ]
    except OSError as error:
        raise InputError(f"cannot read {root}: {error.strerror or error}", file=root) from error
    return PublishedLayout(
        name,
        folders[name],
        tuple(reversed(masks)),
        flow if flow is not None and _holds_files(flow) else None,
        confidence if confidence is not None and _holds_files(confidence) else None,
        tuple(edited),
        tuple(notes),
    )


def published_mask(grey: AnyArray) -> U8:
    """A mask of the published layout as a mask of this program.

    Args:
        grey: uint8 [H, W] or [H, W, C] (the mean of the first three channels counts).

    Returns:
        uint8 [H, W]: 255 where the pixel belongs to the group, else 0.
    """
    values = np.asarray(grey)
    if values.ndim == 3:
        channels = min(values.shape[2], 3)
        sums = values[..., :channels].astype(np.float64).sum(axis=2) / channels
    else:
        sums = values.astype(np.float64)
    # The published test is sum over three channels / 256 > 0.05.
    return np.where(sums * 3 / 256 > 0.05, 255, 0).astype(np.uint8)


def read_config(path: str | Path) -> dict[str, Any]:
    """Reads a published ``base.yaml``.

    Args:
        path: The file.

    Returns:
        Its options by name.

    Raises:
        InputError: Absent or unreadable.
        DocumentError: No YAML, or no table of options.
    """
    import yaml

    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"there is no configuration {path}; check the path", file=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}", file=path) from error
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where is not None else ""
        raise DocumentError(f"{path} is no valid YAML{line}; correct it", file=path) from error
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise DocumentError(f"{path} holds no options; it should say name: value", file=path)
    return {str(key): value for key, value in data.items()}
