"""The one table of actions and their keys. Menus, tooltips and the shortcut sheet come from it.

Keys are Nuke's where Nuke has them. They are written as Qt writes them: ``Ctrl+Shift+Z``, ``F5``,
``PgUp``. On macOS ``Ctrl`` is the Command key.
"""

from dataclasses import dataclass

PANES = ("global", "graph", "viewer", "paint", "properties", "timeline", "playback")
"""``playback`` acts in viewers and on the timeline alike."""


@dataclass(frozen=True)
class Action:
    """One thing that a key or a menu does.

    Attributes:
        id: ``pane.verb``, unique.
        title: What menus and the sheet show.
        keys: Its keys as shipped; the first is shown.
        pane: Where it acts, one of ``PANES``.
        group: Heading in the sheet.
        repeats: Holding the key repeats it.
    """

    id: str
    title: str
    keys: tuple[str, ...] = ()
    pane: str = "global"
    group: str = ""
    repeats: bool = False


def _table(pane: str, group: str, *rows: tuple[str, str, str]) -> tuple[Action, ...]:
    return tuple(
        Action(name, title.rstrip("*"), tuple(keys.split()), pane, group, title.endswith("*"))
        for name, title, keys in rows
    )


# A title that ends in * repeats while the key is held.
ACTIONS: tuple[Action, ...] = (
    *_table(
        "global",
        "Project",
        ("project.new", "New", "Ctrl+N"),
        ("project.open", "Open…", "Ctrl+O"),
        ("project.save", "Save", "Ctrl+S"),
        ("project.save_as", "Save as…", "Ctrl+Shift+S"),
        ("project.save_version", "Save next version", "Alt+Shift+S"),
        ("project.settings", "Project settings…", "S"),
        ("app.preferences", "Preferences…", "Shift+S"),
        ("app.quit", "Quit", "Ctrl+Q"),
    ),
    *_table(
        "global",
        "Edit",
        ("edit.undo", "Undo*", "Ctrl+Z"),
        ("edit.redo", "Redo*", "Ctrl+Shift+Z Ctrl+Y"),
    ),
    *_table(
        "global",
        "Render and cache",
        ("jobs.render_all", "Render all writes…", "F5"),
        ("jobs.render_selected", "Render selected writes…", "F7"),
        ("jobs.cancel", "Cancel", "Esc"),
        ("cache.clear_buffers", "Clear buffers", "F12"),
        ("cache.manager", "Cache manager…", "Shift+F12"),
        ("view.proxy", "Proxy mode", "Ctrl+P"),
        ("roundtrip.export", "Export canonical…", ""),
    ),
    *_table(
        "global",
        "Window",
        ("window.maximise", "Maximise the pane under the cursor", "Space"),
        ("window.layout_graph", "Graph layout", "Ctrl+F1"),
        ("window.layout_paint", "Paint layout", "Ctrl+F2"),
        ("window.next_layout", "Next layout", "Ctrl+T"),
        ("window.full_screen", "Full screen", "Alt+Shift+F"),
        ("help.shortcuts", "Keyboard shortcuts…", "F1"),
    ),
    *_table(
        "graph",
        "Create",
        ("graph.create", "Create node…", "Tab"),
        ("graph.load", "Load sequence", "R"),
        ("graph.write", "Write sequence", "W"),
        ("graph.paint", "Paint", "P"),
        ("graph.grade", "Grade", "G"),
        ("graph.blur", "Blur", "B"),
        ("graph.merge", "Merge", "M"),
        ("graph.dot", "Dot", "."),
        ("graph.backdrop", "Backdrop", "Shift+B"),
        ("graph.note", "Sticky note", ""),
    ),
    *_table(
        "graph",
        "Wires",
        ("graph.connect", "Connect in click order", "Y"),
        ("graph.connect_backward", "Connect in reverse order", "Shift+Y"),
        ("graph.connect_a", "Connect to the A input", "Alt+Y"),
        ("graph.swap", "Swap A and B", "Shift+X"),
        ("graph.disconnect", "Take the inputs off", "Ctrl+D"),
        ("graph.extract", "Extract", "Ctrl+Shift+X"),
        ("graph.cut_wires", "Cut wires (hold and draw)", "X"),
        ("graph.hide_wires", "Hide the inputs' wires", "Alt+H"),
    ),
    *_table(
        "graph",
        "Nodes",
        ("graph.disable", "Disable", "D"),
        ("graph.rename", "Rename", "N F2"),
        ("graph.open", "Open properties", "Return Enter"),
        ("graph.delete", "Delete", "Del Backspace"),
        ("graph.info", "Information", "I"),
        ("graph.stamp", "Postage stamp", "Alt+P"),
        ("graph.tidy", "Tidy", "L"),
        ("graph.snap", "Snap all to the grid", "\\"),
        ("graph.copy", "Copy", "Ctrl+C"),
        ("graph.cut", "Cut", "Ctrl+X"),
        ("graph.paste", "Paste", "Ctrl+V"),
        ("graph.duplicate", "Duplicate", "Alt+C"),
        ("graph.paste_values", "Paste knob values", "Ctrl+Alt+V"),
        ("graph.version_up", "Files: next version", "Alt+Up"),
        ("graph.version_down", "Files: earlier version", "Alt+Down"),
        ("graph.clone", "Clone", "Alt+K"),
        ("graph.copy_clones", "Copy as clones", "Ctrl+K"),
        ("graph.declone", "Declone", "Alt+Shift+K"),
    ),
    *_table(
        "graph",
        "Select and navigate",
        ("graph.select_all", "Select all", "Ctrl+A"),
        ("graph.select_connected", "Select connected", "Ctrl+Alt+A"),
        ("graph.find", "Find…", "/ Ctrl+F"),
        ("graph.frame", "Frame the selection or all", "F"),
        ("graph.zoom_in", "Zoom in*", "+ ="),
        ("graph.zoom_out", "Zoom out*", "-"),
    ),
    *_table(
        "graph",
        "Look at a node",
        *(
            (f"graph.view_{number}", f"View in input {number}", f"{number % 10}")
            for number in range(1, 11)
        ),
        *(
            (f"graph.view_b_{number}", f"View in input {number}, side B", f"Shift+{number % 10}")
            for number in range(1, 11)
        ),
    ),
    *_table(
        "viewer",
        "Channels",
        ("viewer.red", "Red", "R"),
        ("viewer.green", "Green", "G"),
        ("viewer.blue", "Blue", "B"),
        ("viewer.alpha", "Alpha", "A"),
        ("viewer.luminance", "Luminance", "Y"),
        ("viewer.matte", "Matte over the picture", "M"),
        ("viewer.layer_up", "Previous layer", "PgUp"),
        ("viewer.layer_down", "Next layer", "PgDown"),
    ),
    *_table(
        "viewer",
        "Inputs",
        *(
            (f"viewer.input_{number}", f"Look at input {number}", f"{number % 10}")
            for number in range(1, 11)
        ),
    ),
    *_table(
        "viewer",
        "Zoom",
        ("viewer.fit", "Fit", "F"),
        ("viewer.zoom_in", "Zoom in*", "+ ="),
        ("viewer.zoom_out", "Zoom out*", "-"),
        ("viewer.zoom_100", "100 %", "Ctrl+1 Home"),
        ("viewer.downrez_1", "Full resolution", "Alt+1"),
        ("viewer.downrez_2", "Half resolution", "Alt+2"),
        ("viewer.downrez_4", "Quarter resolution", "Alt+3"),
        ("viewer.downrez_8", "Eighth resolution", "Alt+4"),
    ),
    *_table(
        "viewer",
        "Compare and overlays",
        ("viewer.wipe", "Wipe", "W"),
        ("viewer.wipe_centre", "Centre the wipe", "Shift+F"),
        ("viewer.difference", "Difference", "Shift+D"),
        ("viewer.swap", "Swap A and B", "Return Enter"),
        ("viewer.roi", "Region of interest", "Shift+W"),
        ("viewer.roi_draw", "Draw a region of interest", "Alt+W"),
        ("viewer.overlays", "Overlays", "Q O"),
        ("viewer.masks", "Masks over the picture", "Shift+M"),
        ("viewer.zebra", "Clipped and broken pixels", "Shift+C"),
        ("viewer.gain_reset", "Reset gain and gamma", "Ctrl+0"),
        ("viewer.refresh", "Refresh", "U"),
        ("viewer.pause", "Pause", "P"),
    ),
    *_table(
        "playback",
        "Playback",
        ("play.forward", "Play forward", "L"),
        ("play.stop", "Stop", "K"),
        ("play.backward", "Play backward", "J"),
        ("play.next", "Next frame*", "Right"),
        ("play.previous", "Previous frame*", "Left"),
        ("play.next_10", "Ten frames on*", "Shift+Right"),
        ("play.previous_10", "Ten frames back*", "Shift+Left"),
        ("play.next_key", "Next key*", "Ctrl+Shift+Right"),
        ("play.previous_key", "Previous key*", "Ctrl+Shift+Left"),
        ("play.first", "First frame", "Ctrl+Left"),
        ("play.last", "Last frame", "Ctrl+Right"),
        ("play.in", "Set the in point", "Alt+I"),
        ("play.out", "Set the out point", "Alt+O"),
        ("play.clear_points", "Clear in and out", "Alt+Shift+I"),
        ("play.go_to", "Go to frame…", "Alt+G"),
    ),
    *_table(
        "paint",
        "Tools",
        ("paint.select", "Select strokes", "Q"),
        ("paint.brush", "Brush; again: erase", "N"),
        ("paint.clone", "Clone; again: reveal", "C"),
        ("paint.blur", "Blur; again: smear", "X"),
        ("paint.dodge", "Dodge; again: burn", "E"),
        ("paint.heal", "Heal", "H"),
        ("paint.pins", "Pin points of the fit", "T"),
        ("paint.masks", "Rough mask; again: shapes", "O"),
        ("paint.tracks", "Track points", "Shift+T"),
        ("paint.pick", "Pick a colour", "I"),
        ("paint.smaller", "Smaller brush*", "["),
        ("paint.larger", "Larger brush*", "]"),
        ("paint.softer", "Softer brush*", "Shift+["),
        ("paint.harder", "Harder brush*", "Shift+]"),
        ("paint.abort", "Abort the stroke", "Esc"),
        ("paint.delete", "Delete the selected strokes, pin or point", "Del Backspace"),
    ),
    *_table(
        "properties",
        "Properties",
        ("properties.close", "Close the panel", ""),
        ("properties.close_all", "Close all panels", "Ctrl+Shift+A"),
        ("properties.changed_only", "Only changed knobs", ""),
    ),
)


LAYERED = frozenset({frozenset({"jobs.cancel", "paint.abort"})})
"""Pairs that share a key on purpose: the inner one passes it on when it has nothing to do."""


def overlaps(one: str, other: str) -> bool:
    """Whether a key in one pane hides, or is hidden by, the same key in the other by accident.

    Paint hides viewer keys on purpose while a brush is in hand. A key of a pane that is global as
    well is a collision, for a key should do one thing.
    """
    together = {"playback": ("viewer", "timeline", "paint")}
    return (
        one == other
        or "global" in (one, other)
        or other in together.get(one, ())
        or one in together.get(other, ())
    )
