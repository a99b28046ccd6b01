"""What a Read shows, as files that the program can open itself; None where only Nuke can say."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import nuke

_MISSING = {"error": "error", "black": "black", "nearest frame": "nearest"}
"""Nuke's "missing frames", as the program says it."""

_SPACES = {
    "linear": "Linear Rec.709 (sRGB)",
    "scene_linear": "Linear Rec.709 (sRGB)",
    "sRGB": "sRGB Encoded Rec.709 (sRGB)",
}
"""Names of Nuke's own colour management that mean the same numbers in the program."""

_BY_KIND = {
    "exr": "Linear Rec.709 (sRGB)",
    "png": "sRGB Encoded Rec.709 (sRGB)",
    "jpg": "sRGB Encoded Rec.709 (sRGB)",
    "jpeg": "sRGB Encoded Rec.709 (sRGB)",
}
"""What Nuke's "default" is for kinds of file where there is no doubt."""


class Clip(NamedTuple):
    """A clip in files.

    ``settings`` are those of ``Shot.create``; ``first`` and ``last`` are frames of Nuke's script.
    """

    source: str
    first: int
    last: int
    settings: dict[str, Any]


def clip_of(node: nuke.Node) -> Clip | None:
    """The files of a Read that the program can open as Nuke shows them.

    None where only Nuke can make the pictures: a retimed Read, several views, a colour space that
    the program may understand otherwise. They are rendered first.
    """
    if node.Class() != "Read":
        return None
    # The name that Nuke itself uses now: the proxy's in proxy mode, all expressions done.
    file = nuke.filename(node)
    if not file or re.search("%[vV]", file) or "." not in file:
        return None
    if str(node["frame"].value()).strip():
        return None
    missing = str(node["on_error"].value())
    space = _space_of(node, file.rsplit(".", 1)[1].lower())
    if space is None or missing not in _MISSING:
        return None
    first, last = int(node["first"].value()), int(node["last"].value())
    settings: dict[str, Any] = dict(space)
    settings["frames"] = f"{first}-{last}" if last > first else str(first)
    settings["missing"] = _MISSING[missing]
    # What stands in for a missing frame is never learnt from.
    settings["fit"] = {"missing": "error" if missing == "error" else "skip"}
    return Clip(file, first, last, settings)


def _space_of(node: nuke.Node, kind: str) -> dict[str, Any] | None:
    if bool(node["raw"].value()):
        return {"raw": True}
    if str(nuke.root()["colorManagement"].value()) != "Nuke":
        return None
    name = str(node["colorspace"].value()).split("\t")[0].strip()
    if name.startswith("default"):
        known = _BY_KIND.get(kind)
        return None if known is None else {"colour_space": known}
    space = _SPACES.get(name)
    return None if space is None else {"colour_space": space}
