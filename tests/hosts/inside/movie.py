"""A movie, whose frames the program counts from 0 and Blender from 1; put in by install-plugin."""

from pathlib import Path

import bpy
import stage
from paint import paint_disc

said = stage.SAID
bpy.ops.preferences.addon_enable(module=stage.MODULE)
folder = Path(said["folder"])
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "comp.blend"))
scene = bpy.context.scene
strip = (
    stage.part("versions")
    .strips_of(scene.sequence_editor_create())
    .new_movie("Strip", said["file"], 1, 41)
)
bpy.ops.codef.send(strip=strip.name, seconds=said["seconds"])
scene.sequence_editor_clear()
bpy.ops.codef.fit()
bpy.ops.codef.bake()
shot = scene.codef_shots[0]
manifest = stage.part("compositing").read_manifest(bpy.path.abspath(shot.manifest))
still = paint_disc(manifest["layers"][0], 80, 45, 18, 6, [0.9, 0.1, 0.05])
still.save()
files = stage.render(said["folder"], said["frames"], manifest["format"])
stage.part("session").close()
stage.answer(
    files=files,
    manifest=manifest,
    document=bpy.path.abspath(shot.document),
    painted={0: bpy.path.abspath(still.filepath)},
)
