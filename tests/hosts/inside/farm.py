"""Opens a .blend file where neither the extension nor the program is, and renders it."""

import bpy
import stage

bpy.ops.wm.open_mainfile(filepath=stage.SAID["blend"])
assert not hasattr(bpy.ops.codef, "bake") or "codef" not in dir(bpy.ops)
files = stage.render(stage.SAID["folder"], stage.SAID["frames"], stage.SAID["size"])
stage.answer(files=files)
