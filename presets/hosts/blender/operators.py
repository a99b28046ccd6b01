# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""What the artist can do with a shot."""

import json
import os
from typing import Any

import bpy

from . import compositing, pictures, plugin, session, versions  # type: ignore[attr-defined]
from .clips import Clip, ClipError, clip_of
from .jobs import TROUBLE, UNDO, Job


class _ShotJob(Job):
    """A job on the chosen shot."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        """There is a shot, and nothing else is under way."""
        if session.active(context) is None:
            cls.poll_message_set("Send a clip first")  # type: ignore[attr-defined]
            return False
        return super().poll(context)

    def _shot(self, context: Any) -> Any:
        item = session.active(context)
        self.document = os.path.abspath(bpy.path.abspath(item.document))
        if not os.path.exists(self.document):
            raise ClipError(f"{self.document} is gone; send the clip again")
        return session.shot(self.document)


class CODEF_OT_fit(_ShotJob, bpy.types.Operator):  # type: ignore[misc]
    """Find the still and the motion of the shot; Esc stops, and the next fit goes on from there."""

    bl_idname = "codef.fit"
    bl_label = "Fit"
    doing = "Fitting"

    def begin(self, context: Any, **calls: Any) -> Any:
        """Fits."""
        return self._shot(context).fit(**calls)

    def finish(self, context: Any, answer: dict[str, Any]) -> str:
        """Tells how good it is."""
        report = answer.get("report") or {}
        psnr = report.get("psnr_edit_path")
        return "fitted" if psnr is None else f"fitted, {psnr:.1f} dB"


class CODEF_OT_open(bpy.types.Operator):  # type: ignore[misc]
    """Open the shot in the window of Codef Nodes."""

    bl_idname = "codef.open"
    bl_label = "Open in Codef Nodes"

    @classmethod
    def poll(cls, context: Any) -> bool:
        """There is a shot."""
        return session.active(context) is not None

    def execute(self, context: Any) -> set[str]:
        """Starts the window; it lives on without Blender."""
        item = session.active(context)
        try:
            plugin.open_window(os.path.abspath(bpy.path.abspath(item.document)), session.config())
        except TROUBLE as error:
            item.error = str(error)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class CODEF_OT_bake(_ShotJob, bpy.types.Operator):  # type: ignore[misc]
    """Make compositor nodes that carry paint on the still into every frame, without Codef Nodes."""

    bl_idname = "codef.bake"
    bl_label = "Bake to Compositor Nodes"
    bl_options = UNDO
    doing = "Writing the files of the nodes"

    def begin(self, context: Any, **calls: Any) -> Any:
        """Asks for the files."""
        client = self._shot(context)
        item = session.active(context)
        self._old = {}
        if item.manifest and os.path.exists(bpy.path.abspath(item.manifest)):
            before = compositing.read_manifest(bpy.path.abspath(item.manifest))
            for layer in before["layers"]:
                file = layer["files"]["canonical"]["file"]
                self._old[file] = pictures.unpainted(file)
        return client.deliver(compositing.WANTED, **calls)

    def finish(self, context: Any, answer: dict[str, Any]) -> str:
        """Makes the nodes, or makes them again."""
        item = session.find(context.scene, self.document)
        if item is None:
            raise ClipError("the shot was removed meanwhile; send the clip again")
        clip = Clip(**json.loads(item.clip))
        item.manifest = pictures.said_path(os.path.join(answer["folder"], "manifest.json"))
        stale = []
        for layer in answer["layers"]:
            file = layer["files"]["canonical"]["file"]
            copy = pictures.paint_file(file)
            fresh = self._old.get(file, not os.path.exists(copy)) and not _unsaved(copy)
            pictures.still(file, fresh)
            known = _image_of(copy)
            if known is not None:
                if fresh:
                    known.reload()
                    known["codef_canonical"] = pictures.digest(file)
                elif known.get("codef_canonical", "") != pictures.digest(file):
                    stale.append(layer["name"])
        group = compositing.build_group(answer, clip, item.name)
        node = compositing.wire(context.scene, answer, clip, group, _plate(context, clip))
        render, (width, height) = context.scene.render, answer["format"]
        said = "nodes are made; paint on the stills in the Image Editor and save them there"
        if not node.outputs[0].is_linked:
            said = f"nodes are made; wire '{node.label}' in where you want it"
        if (render.resolution_x, render.resolution_y) != (width, height):
            size = f"{render.resolution_x}x{render.resolution_y}"
            said += f" (the render is {size}, the shot {width}x{height})"
        if stale:
            names = ", ".join(stale)
            said = f"nodes are made; the fit changed since {names} was painted: look at that paint"
            self.report({"WARNING"}, said)
        return said


class CODEF_OT_use_paint(_ShotJob, bpy.types.Operator):  # type: ignore[misc]
    """Hand the painted stills over to Codef Nodes and render there, with grain and highlights."""

    bl_idname = "codef.use_paint"
    bl_label = "Render in Codef Nodes"
    bl_options = UNDO
    doing = "Rendering in Codef Nodes"

    @classmethod
    def poll(cls, context: Any) -> bool:
        """There are stills."""
        item = session.active(context)
        if item is not None and not item.manifest:
            cls.poll_message_set("Bake to compositor nodes first: that makes the stills")
            return False
        return super().poll(context)

    def begin(self, context: Any, **calls: Any) -> Any:
        """Names the painted stills in the document, and renders it."""
        client = self._shot(context)
        manifest = compositing.read_manifest(bpy.path.abspath(session.active(context).manifest))
        for layer in manifest["layers"]:
            file = layer["files"]["canonical"]["file"]
            copy = pictures.paint_file(file)
            image = _image_of(copy)
            if image is not None and image.is_dirty:
                image.save()
            client.edit(layer["layer"], None if pictures.unpainted(file) else copy).wait(60)
        return client.render(**calls)

    def finish(self, context: Any, answer: dict[str, Any]) -> str:
        """Shows the result as an image sequence in the compositor."""
        item = session.find(context.scene, self.document)
        clip = Clip(**json.loads(item.clip))
        count = 0
        for output in answer["outputs"]:
            frames = output["frames"]
            if not frames or "%" not in output["file"]:
                continue
            count += len(frames)
            compositing.show_result(context.scene, clip, output["file"], frames)
        return (
            f"{count} frames are rendered; the node '{compositing.result_label(clip)}' shows them"
        )


class CODEF_OT_reload(bpy.types.Operator):  # type: ignore[misc]
    """Read all files of the shot again, except stills with unsaved paint, and go on listening."""

    bl_idname = "codef.reload"
    bl_label = "Reload"

    @classmethod
    def poll(cls, context: Any) -> bool:
        """There is a shot."""
        return session.active(context) is not None

    def execute(self, context: Any) -> set[str]:
        """Reads again."""
        item = session.active(context)
        stem = os.path.splitext(os.path.abspath(bpy.path.abspath(item.document)))[0]
        count = session.reload_folder(f"{stem}_files")
        try:
            if not session.busy:
                session.watch(item.document)
        except TROUBLE as error:
            item.error = str(error)
            self.report({"ERROR"}, f"{count} images were read again, but {error}")
            return {"CANCELLED"}
        self.report({"INFO"}, f"{count} images were read again")
        return {"FINISHED"}


class CODEF_OT_forget(bpy.types.Operator):  # type: ignore[misc]
    """Take the shot off this list; its files and nodes stay."""

    bl_idname = "codef.forget"
    bl_label = "Remove from the List"
    bl_options = UNDO

    @classmethod
    def poll(cls, context: Any) -> bool:
        """There is a shot."""
        return session.active(context) is not None and not session.busy

    def execute(self, context: Any) -> set[str]:
        """Removes the entry."""
        scene = context.scene
        scene.codef_shots.remove(scene.codef_active)
        scene.codef_active = max(0, scene.codef_active - 1)
        return {"FINISHED"}


def _plate(context: Any, clip: Clip) -> Any:
    """A node of the compositor that shows the clip already, the selected one first."""
    tree = versions.compositor(context.scene, create=False)
    if tree is None:
        return None
    for node in sorted(tree.nodes, key=lambda node: not node.select):
        if node.bl_idname not in ("CompositorNodeImage", "CompositorNodeMovieClip"):
            continue
        try:
            if clip_of(node, context.scene).source == clip.source:
                return node
        except ClipError:
            continue
    return None


def _image_of(path: str) -> Any:
    wanted = os.path.normpath(path)
    for image in bpy.data.images:
        if os.path.normpath(bpy.path.abspath(image.filepath, library=image.library)) == wanted:
            return image
    return None


def _unsaved(path: str) -> bool:
    image = _image_of(path)
    return image is not None and bool(image.is_dirty)


CLASSES: tuple[type, ...] = (
    CODEF_OT_fit,
    CODEF_OT_open,
    CODEF_OT_bake,
    CODEF_OT_use_paint,
    CODEF_OT_reload,
    CODEF_OT_forget,
)
