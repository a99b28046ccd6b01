# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""The line to the program, one for this Blender, and the shots that the .blend file knows."""

import json
import os
from typing import Any

import bpy

from . import compositing, plugin, versions  # type: ignore[attr-defined]
from .clips import Clip

PACKAGE = __package__ or "codef_nodes"
_worker: Any = None
_shots: dict[str, Any] = {}
busy: str = ""
"""What is under way; one job at a time."""
request: Any = None
"""What the program was asked for it."""
share = 0.0
"""How much of it is done, 0 to 1."""


class ShotSettings(bpy.types.PropertyGroup):  # type: ignore[misc]
    """A clip that was sent, as the .blend file keeps it."""

    document: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Document", subtype="FILE_PATH", options=versions.PATH
    )
    clip: bpy.props.StringProperty(name="Clip", description="The clip, as text")  # type: ignore[valid-type]
    manifest: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Files", subtype="FILE_PATH", options=versions.PATH
    )
    status: bpy.props.StringProperty(name="Status")  # type: ignore[valid-type]
    error: bpy.props.StringProperty(name="Error")  # type: ignore[valid-type]


def config() -> str | None:
    """The file that names the program of the preferences, or None: it is looked for."""
    entry = bpy.context.preferences.addons.get(PACKAGE)
    program = "" if entry is None else bpy.path.abspath(entry.preferences.program)
    if not program:
        return None
    folder = bpy.utils.extension_path_user(PACKAGE, create=True)
    file = os.path.join(folder, "codef.json")
    part = file + ".part"
    with open(part, "w", encoding="utf-8") as stream:
        json.dump({"command": [program], "environment": {}}, stream)
    os.replace(part, file)
    return file


def worker() -> Any:
    """The program's worker; it starts with the first request."""
    global _worker
    if _worker is None:
        _worker = plugin.Worker(config=config(), on_event=_heard)
        if not bpy.app.background:
            bpy.app.timers.register(_listen, first_interval=0.5, persistent=True)
    return _worker


def shot(path: str) -> Any:
    """The client's side of a document."""
    path = os.path.abspath(bpy.path.abspath(path))
    if path not in _shots:
        _shots[path] = plugin.Shot(worker(), path)
    return _shots[path]


def close() -> None:
    """Ends the worker."""
    global _worker
    gone, _worker = _worker, None
    free()
    _shots.clear()
    if gone is not None:
        gone.close()


def free() -> None:
    """Nothing is under way any more."""
    global busy, request, share
    busy, request, share = "", None, 0.0


def active(context: Any) -> Any:
    """The chosen shot of the scene, or None."""
    scene = context.scene
    shots = scene.codef_shots
    return shots[scene.codef_active] if 0 <= scene.codef_active < len(shots) else None


def find(scene: Any, document: str) -> Any:
    """The scene's shot of a document, or None; looked up anew each time, undo moves it."""
    wanted = os.path.abspath(bpy.path.abspath(document))
    for item in scene.codef_shots:
        if os.path.abspath(bpy.path.abspath(item.document)) == wanted:
            return item
    return None


def _listen() -> float | None:
    """Hears the program between jobs; a job polls by itself."""
    if _worker is None:
        return None
    if not busy:
        _worker.poll()
    return 0.5


def watch(document: str) -> None:
    """From now on what the program's window saves and renders of a shot is shown here."""
    shot(document).watch()


def _heard(name: str, data: dict[str, Any]) -> None:
    """The document was saved or rendered, in the program's window or on another machine."""
    for scene in bpy.data.scenes:
        item = find(scene, _worker.document)
        if item is None:
            continue
        if name == "saved":
            item.status = "saved in Codef Nodes; bake again if it was fitted anew"
        if name == "rendered" and data.get("frames") and "%" in str(data.get("file")):
            clip = Clip(**json.loads(item.clip))
            reload_folder(os.path.dirname(data["file"]))
            compositing.show_result(scene, clip, data["file"], data["frames"])
            item.status = f"{len(data.get('changed', ()))} frames were rendered in Codef Nodes"


def reload_folder(folder: str) -> int:
    """Reads all images of a folder and below again that hold no unsaved paint."""
    count = 0
    wanted = os.path.normpath(folder) + os.sep
    for image in bpy.data.images:
        path = os.path.normpath(bpy.path.abspath(image.filepath, library=image.library))
        if path.startswith(wanted) and not image.is_dirty:
            image.reload()
            count += 1
    return count
