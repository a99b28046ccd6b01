# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""Sends what is selected to the program: a clip becomes a shot with a document of its own."""

import json
import os
from dataclasses import asdict
from typing import Any

import bpy

from . import pictures, session, versions
from .clips import Clip, ClipError, clip_of, numbers_of
from .jobs import UNDO, Job


class CODEF_OT_send(Job, bpy.types.Operator):  # type: ignore[misc]
    """Send the selected movie clip, image sequence strip or Image node to Codef Nodes."""

    bl_idname = "codef.send"
    bl_label = "Send to Codef Nodes"
    bl_options = UNDO
    doing = "Sending the clip"

    clip: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Clip",
        description="Name of a movie clip; empty: what is selected",
        options={"SKIP_SAVE"},
    )
    strip: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Strip", description="Name of a strip; empty: what is selected", options={"SKIP_SAVE"}
    )
    node: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Node",
        description="Name of a node of the compositor; empty: what is selected",
        options={"SKIP_SAVE"},
    )
    folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Folder",
        description="Where shots are kept",
        subtype="DIR_PATH",
        default="//codef/",
        options=versions.PATH,
    )

    seconds: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Seconds", description="Time that the fit may take; 0: as the panel says", min=0
    )

    def begin(self, context: Any, **calls: Any) -> Any:
        """A new document, or the one that the clip has already."""
        self._clip = clip_of(self._chosen(context), context.scene)
        if self.folder.startswith("//") and not bpy.data.filepath:
            raise ClipError("save the .blend file first; the shot is kept in a folder beside it")
        home = bpy.path.abspath(self.folder)
        self.document, known = _document_for(self._clip, home)
        client = session.shot(self.document)
        if known:
            return client.open(**calls)
        settings: dict[str, Any] = {
            "raw": self._clip.raw,
            "fit": {"seconds": self.seconds or context.scene.codef_seconds},
        }
        if self._clip.space and not self._clip.raw:
            settings["colour_space"] = self._clip.space
        present = [] if self._clip.movie else numbers_of(self._clip.source)
        if present and [present[0], present[-1]] != [self._clip.first, self._clip.last]:
            settings["frames"] = f"{self._clip.first}-{self._clip.last}"
        if self._clip.movie:
            settings["first"] = 0
        return client.create(self._clip.source, **settings, **calls)

    def finish(self, context: Any, answer: dict[str, Any]) -> str:
        """Notes the shot in the .blend file."""
        scene = context.scene
        item = session.find(scene, self.document)
        if item is None:
            item = scene.codef_shots.add()
        item.name, item.document = self._clip.name, pictures.said_path(self.document)
        item.clip = json.dumps(asdict(self._clip))
        scene.codef_active = list(scene.codef_shots).index(item)
        return f"{os.path.basename(self.document)} holds {self._clip.name}; now fit it"

    def _chosen(self, context: Any) -> Any:
        scene = context.scene
        if self.clip:
            return bpy.data.movieclips.get(self.clip)
        if self.strip:
            editor = scene.sequence_editor
            return None if editor is None else versions.strips_of(editor, True).get(self.strip)
        if self.node:
            tree = versions.compositor(scene, create=False)
            return None if tree is None else tree.nodes.get(self.node)
        space = context.space_data
        kind = getattr(space, "type", "")
        if kind == "CLIP_EDITOR":
            return space.clip
        if kind == "NODE_EDITOR" and versions.is_compositor(space) and space.edit_tree:
            return space.edit_tree.nodes.active
        if kind == "SEQUENCE_EDITOR" and scene.sequence_editor:
            return scene.sequence_editor.active_strip
        return None


def _document_for(clip: Clip, home: str) -> tuple[str, bool]:
    """Where the document of a clip lies or is to lie, and whether it is there."""
    for number in range(1, 1000):
        name = clip.name if number == 1 else f"{clip.name}_{number}"
        path = os.path.abspath(os.path.join(home, name, f"{name}.codef"))
        if not os.path.exists(path):
            return path, False
        if _holds(path, clip):
            return path, True
    raise ClipError(f"{home} is full of shots named {clip.name}; choose another folder")


def _holds(path: str, clip: Clip) -> bool:
    """Whether a document was made for this clip."""
    try:
        with open(path, encoding="utf-8") as stream:
            nodes = json.load(stream)["nodes"]
        files = [node["knobs"]["file"] for node in nodes.values() if node["type"] == "LoadSequence"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    folder = os.path.dirname(path)
    return any(
        os.path.normpath(os.path.join(folder, str(file))) == os.path.normpath(clip.source)
        for file in files
    )


CLASSES: tuple[type, ...] = (CODEF_OT_send,)
