# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""The panel in the sidebars of clip editor, compositor and sequencer; the preferences."""

import re
from typing import Any

import bpy

from . import plugin, session, versions  # type: ignore[attr-defined]

MARGIN, LETTER = 75, 6.6
"""Pixels beside the text of a label in a side bar, and of a letter, at normal size."""


class CODEF_UL_shots(bpy.types.UIList):  # type: ignore[misc]
    """The shots of a scene."""

    def draw_item(
        self,
        context: Any,
        layout: Any,
        data: Any,
        item: Any,
        icon: int,
        active_data: Any,
        active_property: str,
    ) -> None:
        """One line."""
        layout.label(text=item.name, icon="ERROR" if item.error else "SEQUENCE")


class _Panel:
    bl_label = "Codef Nodes"
    bl_region_type = "UI"
    bl_category = "Codef"
    bl_space_type = ""

    @classmethod
    def poll(cls, context: Any) -> bool:
        """In node editors: for the compositor only."""
        return cls.bl_space_type != "NODE_EDITOR" or versions.is_compositor(context.space_data)

    def draw(self, context: Any) -> None:
        """What there is, what is under way, what went wrong."""
        layout, scene = self.layout, context.scene  # type: ignore[attr-defined]
        column = layout.column(align=True)
        column.operator("codef.send", icon="EXPORT")
        column.prop(scene, "codef_seconds")
        item = session.active(context)
        if item is None:
            return
        row = layout.row()
        row.template_list("CODEF_UL_shots", "", scene, "codef_shots", scene, "codef_active", rows=2)
        row.operator("codef.forget", icon="REMOVE", text="")
        column = layout.column(align=True)
        column.operator("codef.fit", icon="PLAY")
        column.operator("codef.open", icon="WINDOW")
        column = layout.column(align=True)
        column.operator("codef.bake", icon="NODETREE")
        column.operator("codef.use_paint", icon="RENDER_ANIMATION")
        column.operator("codef.reload", icon="FILE_REFRESH")
        if session.busy:
            layout.progress(factor=session.share, type="BAR", text=f"{session.share:.0%}")
            _lines(context, layout, item.status or session.busy, "TIME")
        elif item.status:
            _lines(context, layout, item.status, "INFO")
        if item.error:
            _lines(context, layout, item.error, "ERROR")


class CODEF_PT_clip(_Panel, bpy.types.Panel):  # type: ignore[misc]
    """In the clip editor."""

    bl_space_type = "CLIP_EDITOR"


class CODEF_PT_nodes(_Panel, bpy.types.Panel):  # type: ignore[misc]
    """In the compositor."""

    bl_space_type = "NODE_EDITOR"


class CODEF_PT_strips(_Panel, bpy.types.Panel):  # type: ignore[misc]
    """In the sequencer."""

    bl_space_type = "SEQUENCE_EDITOR"


class CodefPreferences(bpy.types.AddonPreferences):  # type: ignore[misc]
    """Where the program is."""

    bl_idname = session.PACKAGE

    program: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Program",
        description="The file codef of the installed program; empty: it is looked for",
        subtype="FILE_PATH",
        update=lambda self, context: session.close(),
    )

    def draw(self, context: Any) -> None:
        """The path, and which program that is."""
        self.layout.prop(self, "program")
        try:
            found = plugin.find_program(session.config())
        except plugin.CodefError as error:
            _lines(context, self.layout, str(error), "ERROR")
            return
        self.layout.label(text=" ".join(found["command"]), icon="CHECKMARK")


def _lines(context: Any, layout: Any, text: str, icon: str) -> None:
    """A sentence over as many lines as it needs: a label cuts off what does not fit."""
    region = context.region
    scale = context.preferences.system.ui_scale or 1.0  # 0 without a window
    width = 240 * scale if region is None else region.width
    letters = max(12, int((width / scale - MARGIN) / LETTER))
    # A path may be broken after a slash.
    spaced = text.replace("\\", "\\\0").replace("/", "/\0")
    column = layout.column(align=True)
    line, lines = "", []
    for word in re.split("([ \0])", spaced):
        if len(line) + len(word) > letters and line:
            lines.append(line)
            line = ""
        line += "" if word == "\0" or (word == " " and not line) else word
    for number, each in enumerate([*lines, line]):
        column.label(text=each, icon="BLANK1" if number else icon)


CLASSES: tuple[type, ...] = (
    CODEF_UL_shots,
    CODEF_PT_clip,
    CODEF_PT_nodes,
    CODEF_PT_strips,
    CodefPreferences,
)
