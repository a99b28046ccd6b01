"""Draws the panel into a layout that holds every call against Blender's own list of what it takes.

A headless Blender has no window, so no layout of its own; what there is of it is its description.
"""

from pathlib import Path
from types import SimpleNamespace

import bpy
import stage

stage.install()
panels, session = stage.part("panels"), stage.part("session")
functions = bpy.types.UILayout.bl_rna.functions
calls = []


class Layout:
    """Takes calls as ``UILayout`` does, and refuses what that does not know."""

    def __getattr__(self, name):
        """A function of the layout."""
        known = {p.identifier: p for p in functions[name].parameters}

        def call(*values, **named):
            given = dict(zip([p for p in known if not known[p].is_output], values, strict=False))
            given.update(named)
            for key, value in given.items():
                assert key in known, f"{name} takes no {key}"
                if key == "icon":
                    assert value in known[key].enum_items, f"there is no icon {value}"
            if name == "operator":
                module, operator = given["operator"].split(".")
                label = getattr(getattr(bpy.ops, module), operator).get_rna_type().name
                given = {"text": label, **given}
            calls.append([name, str(given.get("text", ""))])
            return Layout()

        return call


def draw(kind):
    """What a panel or the preferences show."""
    calls.clear()
    panel = SimpleNamespace(layout=Layout())
    kind.draw(panel, bpy.context)
    return [text for name, text in calls if text]


found = {"empty": draw(panels.CODEF_PT_nodes)}
clip = bpy.data.movieclips.load(stage.SAID["file"])
bpy.ops.wm.save_as_mainfile(filepath=str(Path(stage.SAID["folder"]) / "comp.blend"))
bpy.ops.codef.send(clip=clip.name)
found["sent"] = draw(panels.CODEF_PT_clip)
shot = session.active(bpy.context)
shot.error = "the disk is full; free some space on /a/very/long/path/that/does/not/fit/in/one/line"
found["error"] = draw(panels.CODEF_PT_strips)
session.busy, shot.status, session.share = "Fitting", "matching: 40%, 0:20 left", 0.4
found["busy"] = draw(panels.CODEF_PT_nodes)
session.busy = ""
preferences = SimpleNamespace(layout=Layout())
calls.clear()
panels.CodefPreferences.draw(preferences, bpy.context)
found["preferences"] = [text for _, text in calls if text]
found["width"] = max(len(text) for text in found["error"])
session.close()
stage.answer(found=found)
