"""Id mattes: Cryptomatte layers of a rendered EXR, by the names of its manifest.

Source: Friedman and Jones, *Cryptomatte specification 1.2* (Psyop). A layer keeps for each pixel
the ids that cover it and how far each does, in ranked pairs of channels (``NAME00.R`` is an id,
``NAME00.G`` its coverage, ``.B`` and ``.A`` the next, then ``NAME01``). An id is the bits of a
float made from the 32-bit MurmurHash3 of the name.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32, AnyArray
from engine.errors import InputError, MaskError
from engine.io.picture import Native

_KEY = re.compile(r"cryptomatte/([0-9a-fA-F]{1,8})/(\w+)$")
_RANK = re.compile(r"^(.*?)(\d\d)\.(R|G|B|A|red|green|blue|alpha)$", re.IGNORECASE)


@dataclass(frozen=True)
class Layer:
    """A Cryptomatte layer of one picture.

    Attributes:
        name: Such as ``CryptoObject``.
        manifest: Names to ids; empty where the file has none.
        ids: uint32 [R, H, W], by rank.
        shares: float32 [R, H, W].
    """

    name: str
    manifest: dict[str, int]
    ids: AnyArray
    shares: F32

    def matte(self, wanted: Iterable[str]) -> F32:
        """Coverage of some names together, float32 [H, W], 0 to 1.

        Args:
            wanted: Names of the manifest, ``*`` in them stands for anything; or ids as ``<hex>``.

        Raises:
            MaskError: None of the file's names fits.
        """
        ids = sorted({one for name in wanted for one in self.ids_of(name)})
        inside = np.isin(self.ids, np.array(ids, np.uint32))
        total = np.where(inside, self.shares, np.float32(0)).sum(axis=0)
        return np.asarray(np.clip(total, 0, 1), np.float32)

    def ids_of(self, name: str) -> list[int]:
        """The ids that a name stands for; see ``matte``.

        Raises:
            MaskError: None of the file's names fits.
        """
        if re.fullmatch(r"<[0-9a-fA-F]{1,8}>", name):
            return [int(name[1:-1], 16)]
        if "*" in name:
            plain = re.compile(".*".join(re.escape(part) for part in name.split("*")))
            found = [one for known, one in self.manifest.items() if plain.fullmatch(known)]
        elif name in self.manifest:
            found = [self.manifest[name]]
        elif not self.manifest:
            return [id_of(name)]
        else:
            found = []
        if not found:
            some = ", ".join(sorted(self.manifest)[:8])
            raise MaskError(
                f"the Cryptomatte layer {self.name} has no {name!r}; it has {some}"
                + (", ..." if len(self.manifest) > 8 else "")
            )
        return found


def layer_with(found: Sequence[Layer], wanted: Sequence[str], name: str = "") -> Layer | None:
    """The layer that names are looked for in; None where there is none of that name, or none.

    Objects and materials have a layer each: without a name that counts whose manifest has all that
    is wanted.

    Args:
        found: The layers of a picture.
        wanted: Names, as for ``Layer.matte``.
        name: Such as ``CryptoObject``, with or without what the file puts before it.

    Raises:
        MaskError: None of several has the names; the message tells what each has.
    """
    if name:
        found = [one for one in found if one.name == name or one.name.endswith(f".{name}")]
    if len(found) < 2:
        return found[0] if found else None
    # One without a manifest takes any name by its hash, so it comes last.
    told = []
    for one in sorted(found, key=lambda layer: not layer.manifest):
        try:
            for each in wanted:
                one.ids_of(each)
        except MaskError as error:
            told.append(error.message)
        else:
            return one
    raise MaskError("; ".join(told))


def layers(parts: Sequence[Native], folder: Path | None = None) -> list[Layer]:
    """The Cryptomatte layers of a picture.

    Args:
        parts: Its parts, as the file holds them.
        folder: Where the file lies, for manifests kept in files of their own.

    Raises:
        InputError: A manifest file is absent or no JSON.
    """
    told: dict[str, dict[str, str]] = {}
    planes: dict[str, dict[tuple[int, int], F32]] = {}
    for part in parts:
        for key, value in part.metadata.items():
            match = _KEY.search(key)
            if match:
                told.setdefault(match[1], {})[match[2]] = str(value)
        for index, channel in enumerate(part.channels):
            full = channel
            if not _RANK.match(full) and part.part:
                full = f"{part.part}.{channel}"
            match = _RANK.match(full)
            if match:
                place = "rgba".index(match[3][0].lower())
                plane = np.asarray(part.codes[..., index], np.float32)
                planes.setdefault(match[1], {})[int(match[2]), place] = plane
    found = []
    for facts in told.values():
        name = facts.get("name", "")
        stack = planes.get(name, {})
        ranks = sorted({(rank, place // 2) for rank, place in stack})
        pairs = [
            (stack[rank, 2 * half], stack[rank, 2 * half + 1])
            for rank, half in ranks
            if (rank, 2 * half) in stack and (rank, 2 * half + 1) in stack
        ]
        if not pairs:
            continue
        ids = np.stack([np.ascontiguousarray(one).view(np.uint32) for one, _ in pairs])
        shares = np.stack([share for _, share in pairs])
        found.append(Layer(name, _manifest(facts, folder), ids, shares))
    return sorted(found, key=lambda layer: layer.name)


def _manifest(facts: dict[str, str], folder: Path | None) -> dict[str, int]:
    text = facts.get("manifest", "")
    file: Path | None = None
    if not text and "manif_file" in facts and folder is not None:
        # Only a name beside the picture: a header must not lead elsewhere.
        file = folder / Path(facts["manif_file"]).name
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"the Cryptomatte manifest {file} cannot be read ({error.strerror}); put it "
                "beside the picture",
                file=file,
            ) from error
    if not text:
        return {}
    try:
        said: Any = json.loads(text)
        return {str(name): int(str(one), 16) for name, one in said.items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise InputError(
            f"the manifest of the Cryptomatte layer {facts.get('name', '')} is no JSON of names "
            "and ids; render the picture again",
            file=file,
        ) from error


def id_of(name: str) -> int:
    """The id of a name: MurmurHash3 (32 bits, seed 0), bent so that its float is a plain number."""
    value = murmur3(name.encode("utf-8"))
    exponent = value >> 23 & 255
    if exponent in (0, 255):
        value ^= 1 << 23
    return value


def murmur3(data: bytes, seed: int = 0) -> int:
    """MurmurHash3_x86_32 (Appleby)."""
    whole = 0xFFFFFFFF

    def turned(value: int, by: int) -> int:
        return (value << by | value >> (32 - by)) & whole

    def mixed(block: int) -> int:
        return turned(block * 0xCC9E2D51 & whole, 15) * 0x1B873593 & whole

    state, end = seed, len(data) // 4 * 4
    for at in range(0, end, 4):
        state ^= mixed(int.from_bytes(data[at : at + 4], "little"))
        state = (turned(state, 13) * 5 + 0xE6546B64) & whole
    if end < len(data):
        state ^= mixed(int.from_bytes(data[end:], "little"))
    state ^= len(data)
    state = (state ^ state >> 16) * 0x85EBCA6B & whole
    state = (state ^ state >> 13) * 0xC2B2AE35 & whole
    return state ^ state >> 16
