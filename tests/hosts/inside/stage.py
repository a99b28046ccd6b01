"""What every script inside Blender starts with; no module of ours but the installed extension."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import bpy

SAID: dict[str, Any] = json.loads(sys.argv[1])
MODULE = "bl_ext.user_default.codef_nodes"


def install() -> Any:
    """Installs the extension from its zip and switches it on, as a person does."""
    bpy.ops.extensions.package_install_files(
        repo="user_default", filepath=SAID["extension"], enable_on_install=True
    )
    return importlib.import_module(MODULE)


def part(name: str) -> Any:
    """A module of the installed extension."""
    return importlib.import_module(f"{MODULE}.{name}")


def answer(**content: Any) -> None:
    """Hands the test what was found."""
    Path(SAID["answer"]).write_text(json.dumps(content), encoding="utf-8")


def render(folder: str, frames: list[int], size: list[int]) -> list[str]:
    """Renders frames of the scene as 32-bit EXR; returns the files."""
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    settings = scene.render.image_settings
    settings.file_format, settings.color_depth, settings.color_mode = "OPEN_EXR", "32", "RGBA"
    files = []
    for frame in frames:
        scene.frame_set(frame)
        scene.render.filepath = str(Path(folder) / f"blender.{frame:04d}.exr")
        bpy.ops.render.render(write_still=True)
        files.append(scene.render.filepath)
    return files
