"""The extension without its program."""

from pathlib import Path

import bpy
import stage

stage.install()
session = stage.part("session")
clip = bpy.data.movieclips.load(stage.SAID["file"])
bpy.ops.wm.save_as_mainfile(filepath=str(Path(stage.SAID["folder"]) / "comp.blend"))
started = session._worker is not None
try:
    bpy.ops.codef.send(clip=clip.name)
    error = ""
except RuntimeError as trouble:
    error = str(trouble)
stage.answer(error=error, started=started)
