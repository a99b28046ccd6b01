"""Send, fit, bake, paint, render: all by the operators that the panel's buttons are."""

import json
import time
from pathlib import Path

import bpy
import stage
from paint import paint_disc

stage.install()
said = stage.SAID
folder = Path(said["folder"])
seconds = {}


def timed(operator, **settings):
    """An operator that has to finish."""
    start = time.monotonic()
    assert operator(**settings) == {"FINISHED"}
    seconds[operator.idname_py()] = round(time.monotonic() - start, 2)


bpy.ops.wm.save_as_mainfile(filepath=str(folder / "comp.blend"))
scene = bpy.context.scene
if said["node"]:
    node = stage.part("versions").compositor(scene).nodes.new("CompositorNodeImage")
    node.image = bpy.data.images.load(said["file"])
    node.image.source = "SEQUENCE"
    node.image.colorspace_settings.name = said["space"]
    node.frame_duration, node.frame_start = said["count"], said["start"]
    node.frame_offset = said["number"] - 1
    timed(bpy.ops.codef.send, node=node.name, seconds=said["seconds"])
else:
    clip = bpy.data.movieclips.load(said["file"])
    clip.frame_start = said["start"]
    timed(bpy.ops.codef.send, clip=clip.name, seconds=said["seconds"])
shot = scene.codef_shots[0]
session = stage.part("session")
if said["masks"]:
    # Groups are added in the program's window; a script asks for them as that window would.
    session.shot(shot.document).create(
        json.loads(shot.clip)["source"],
        masks=said["masks"],
        names=["front"],
        fit={"seconds": said["seconds"]},
        replace=True,
    ).wait(60)
timed(bpy.ops.codef.fit)
fitted = shot.status
timed(bpy.ops.codef.bake)
manifest = stage.part("compositing").read_manifest(bpy.path.abspath(shot.manifest))
painted = {}
for shape in said["paint"]:
    layer = manifest["layers"][shape.pop("layer")]
    still = paint_disc(layer, **shape)
    still.save()
    painted[layer["layer"]] = bpy.path.abspath(still.filepath)
start = time.monotonic()
files = stage.render(said["folder"], said["frames"], manifest["format"])
seconds["render"] = round(time.monotonic() - start, 2)
timed(bpy.ops.codef.use_paint)
result = next(n for n in stage.part("versions").compositor(scene).nodes if "Result" in n.label)
bpy.ops.wm.save_mainfile()
session.close()
stage.answer(
    version=bpy.app.version,
    document=bpy.path.abspath(shot.document),
    fitted=fitted,
    manifest=manifest,
    painted=painted,
    files=files,
    result=bpy.path.abspath(result.image.filepath),
    seconds=seconds,
    error=shot.error,
)
