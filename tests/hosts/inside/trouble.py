"""What goes wrong, what is stopped, and what happens beside Blender."""

import os
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import bpy
import stage
from paint import paint_disc, still_of

extension = stage.install()
said = stage.SAID
folder = Path(said["folder"])
scene = bpy.context.scene
session, jobs, operators = stage.part("session"), stage.part("jobs"), stage.part("operators")
versions, compositing = stage.part("versions"), stage.part("compositing")
found = {}


def refused(operator, **settings):
    """What an operator says when it fails."""
    try:
        operator(**settings)
    except RuntimeError as error:
        return str(error)
    return ""


def until(condition, seconds=30):
    """Polls as the timer of an open Blender does."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        session._listen()
        time.sleep(0.05)
    return bool(condition())


class Pressed(operators.CODEF_OT_fit.__mro__[1]):
    """A job without a window: its ticks and keys come from here, all else is the real thing."""

    doing = "Fitting"
    begin, finish = operators.CODEF_OT_fit.begin, operators.CODEF_OT_fit.finish
    said = ()

    def report(self, kind, text):
        """Keeps what was said."""
        self.said = (*self.said, [*kind, text])


def pressed(after, act):
    """Runs a fit by its ticks; once it is ``after`` done, ``act`` happens."""
    job, acted = Pressed(), False
    job._start(bpy.context)
    assert session.busy == "Fitting"
    while True:
        kind = SimpleNamespace(type="TIMER", value="NOTHING")
        if not acted and after(job):
            acted = True
            kind = act(job) or kind
        result = job.modal(bpy.context, kind)
        if result & {"FINISHED", "CANCELLED"}:
            return job, next(iter(result))
        time.sleep(0.02)


clip = bpy.data.movieclips.load(said["file"])
found["not saved"] = refused(bpy.ops.codef.send, clip=clip.name)
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "comp.blend"))
found["no shot"] = [bpy.ops.codef.fit.poll(), bpy.ops.codef.bake.poll()]
bpy.ops.codef.send(clip=clip.name, seconds=said["seconds"])
shot = scene.codef_shots[0]
bpy.ops.codef.send(clip=clip.name)
found["sent twice"] = [item.document for item in scene.codef_shots]
other = bpy.data.movieclips.load(said["other"])
bpy.ops.codef.send(clip=other.name, seconds=said["seconds"])
found["same name"] = [item.document for item in scene.codef_shots]
bpy.ops.codef.forget()
shot = session.active(bpy.context)
found["not fitted"] = [refused(bpy.ops.codef.bake), shot.error]

begun = lambda job: "%" in shot.status  # noqa: E731
escape = SimpleNamespace(type="ESC", value="PRESS")
job, result = pressed(begun, lambda job: escape)
found["escape"] = [result, job.said, shot.status, shot.error, session.busy]
job, result = pressed(begun, lambda job: os.kill(session.worker().pid, signal.SIGKILL))
found["killed"] = [result, job.said, shot.error, session.busy]
job, result = pressed(begun, lambda job: None)
found["after that"] = [result, job.said, shot.error, session.worker().starts]

bpy.ops.ed.undo_push(message="before")
bpy.ops.codef.bake("EXEC_DEFAULT", True)
count = lambda: len(compositing_nodes())  # noqa: E731


def compositing_nodes():
    """The nodes of the scene's compositor."""
    tree = versions.compositor(bpy.context.scene, create=False)
    return [] if tree is None else list(tree.nodes)


def groups():
    """Node groups of the extension."""
    return [group.name for group in bpy.data.node_groups if group.get("codef_document")]


found["baked"] = [groups(), count()]
bpy.ops.ed.undo()
found["undone"] = [groups(), count()]
bpy.ops.ed.redo()
found["redone"] = [groups(), count()]
scene = bpy.context.scene
shot = session.active(bpy.context)

# Baked again: nothing is doubled, and what the artist rewired stays.
group = next(n for n in compositing_nodes() if getattr(n, "node_tree", None))
tree = versions.compositor(scene)
blur = tree.nodes.new("CompositorNodeBlur")
tree.links.new(group.outputs[0], blur.inputs[0])
tree.links.new(blur.outputs[0], versions.output(tree))
before = count()
bpy.ops.codef.bake()
found["again"] = [groups(), count() - before, versions.output(tree).links[0].from_node.name]

# Paint that was not saved survives a reload, and is handed over by a render.
manifest = compositing.read_manifest(bpy.path.abspath(shot.manifest))
still = paint_disc(manifest["layers"][0], 80, 45, 12, 3, [1, 0, 0])
bpy.ops.codef.reload()
found["reload"] = still_of(manifest["layers"][0]).is_dirty
bpy.ops.codef.use_paint()
found["handed over"] = still_of(manifest["layers"][0]).is_dirty
until(lambda: "rendered in Codef Nodes" in shot.status, 10)

# Rendered by another process, as the program's window would.
result = next(n for n in compositing_nodes() if n.label.startswith("Result"))
tree.nodes.remove(result)
shot.status = ""
command = [os.environ["CODEF_PROGRAM"], "render", bpy.path.abspath(shot.document)]
subprocess.run([*command, "--frames", "1001-1003", "-q"], check=True, timeout=100)
until(lambda: "rendered" in shot.status)
shown = [n for n in compositing_nodes() if n.label.startswith("Result")]
found["live"] = [shot.status, len(shown)]

# Fitted anew under paint: the paint is kept, and the artist is told.
bpy.ops.codef.fit()
bpy.ops.codef.bake()
found["stale"] = shot.status


# The window lives on by itself.
def windows():
    """Processes that show the document in the program's window."""
    seen = []
    for entry in Path("/proc").iterdir() if Path("/proc").is_dir() else ():
        try:
            words = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        if "gui" in words and bpy.path.abspath(shot.document) in words:
            seen.append(int(entry.name))
    return seen


bpy.ops.codef.open()
until(windows, 20)
time.sleep(2)  # one that cannot start ends at once
found["windows"] = len(windows())
for each in windows():
    os.kill(each, signal.SIGTERM)

pid = session.worker().pid
bpy.ops.preferences.addon_disable(module=stage.MODULE)
try:
    os.kill(pid, 0)
    found["ended"] = False
except ProcessLookupError:
    found["ended"] = True
stage.answer(found=found)
