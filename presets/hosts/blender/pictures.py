# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""Files of the program as images of Blender, and the artist's own stills."""

import filecmp
import hashlib
import os
import shutil
from typing import Any

import bpy

#: The program's names of colour spaces, and Blender's.
SPACES = {
    "Linear Rec.709 (sRGB)": "Linear Rec.709",
    "sRGB Encoded Rec.709 (sRGB)": "sRGB",
    "ACEScg": "ACEScg",
    "ACES2065-1": "ACES2065-1",
    "Linear Rec.2020": "Linear Rec.2020",
}
DATA = "Non-Color"


def said_path(path: str) -> str:
    """A path as the .blend file keeps it: relative to it where Blender's preferences say so."""
    if bpy.data.filepath and bpy.context.preferences.filepaths.use_relative_paths:
        try:
            return str(bpy.path.relpath(path))
        except ValueError:  # another drive
            return path
    return path


def image(path: str, name: str, space: str, moving: bool) -> Any:
    """The image of a file, made once; read again where it was there before.

    Args:
        path: The file; of a sequence its first one.
        name: For a new one.
        space: Blender's name of the colour space.
        moving: Whether it is a sequence.
    """
    whole = os.path.normpath(path)
    for known in bpy.data.images:
        there = os.path.normpath(bpy.path.abspath(known.filepath, library=known.library))
        if there == whole and known.source == ("SEQUENCE" if moving else "FILE"):
            if not known.is_dirty:
                known.reload()
            return known
    made = bpy.data.images.load(whole)
    made.name = name
    if moving:
        made.source = "SEQUENCE"
    made.colorspace_settings.name = space
    made.filepath = said_path(whole)
    return made


def colour_space(ours: str) -> str:
    """Blender's name of a colour space; an unknown one is taken for Blender's linear Rec.709."""
    return SPACES.get(ours, "Linear Rec.709")


def set_frames(node: Any, first: int, last: int, start: int) -> None:
    """Lets an Image node show file ``first`` at scene frame ``start``, and so on."""
    node.frame_duration = last - first + 1
    node.frame_start = start
    node.frame_offset = first - 1
    node.use_auto_refresh = True


def paint_file(canonical: str) -> str:
    """The artist's copy of a canonical image."""
    folder, name = os.path.split(canonical)
    return os.path.join(folder, "paint_" + name.removeprefix("canonical_"))


def unpainted(canonical: str) -> bool:
    """Whether the artist's copy is absent or still as it was made; ask before a new delivery."""
    copy = paint_file(canonical)
    if not os.path.exists(copy):
        return True
    return os.path.exists(canonical) and filecmp.cmp(copy, canonical, shallow=False)


def still(canonical: str, fresh: bool) -> str:
    """The artist's copy of a canonical image, made where there is none or it was never touched."""
    copy = paint_file(canonical)
    if fresh or not os.path.exists(copy):
        part = copy + ".part"
        shutil.copyfile(canonical, part)
        os.replace(part, copy)
    return copy


def digest(path: str) -> str:
    """What a file holds, in short."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
