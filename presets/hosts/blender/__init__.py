# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""Codef Nodes in Blender: send a clip, paint on its still, get it back into every frame.

The work is done by the separately installed program. This extension starts its worker and talks to
it over a socket of this user (``plugin.py``, which ``codef install-plugin blender`` puts beside
this file), and builds compositor nodes. See docs/blender.md.
"""

from typing import Any

import bpy

from . import operators, panels, sending, session

_CLASSES = (session.ShotSettings, *sending.CLASSES, *operators.CLASSES, *panels.CLASSES)


@bpy.app.handlers.persistent
def _before_load(*_: Any) -> None:
    """Another file is opened: what was asked for this one is of no use."""
    session.close()


def register() -> None:
    """Adds operators, panels and what scenes remember."""
    for each in _CLASSES:
        bpy.utils.register_class(each)
    bpy.types.Scene.codef_shots = bpy.props.CollectionProperty(type=session.ShotSettings)
    bpy.types.Scene.codef_active = bpy.props.IntProperty()
    bpy.types.Scene.codef_seconds = bpy.props.IntProperty(
        name="Seconds to Fit",
        description="Time that the fit of the next clip that is sent may take; longer is sharper",
        default=60,
        min=1,
        soft_max=600,
    )
    bpy.app.handlers.load_pre.append(_before_load)


def unregister() -> None:
    """Takes all of it away again, and ends the worker."""
    session.close()
    bpy.app.handlers.load_pre.remove(_before_load)
    del bpy.types.Scene.codef_seconds
    del bpy.types.Scene.codef_active
    del bpy.types.Scene.codef_shots
    for each in reversed(_CLASSES):
        bpy.utils.unregister_class(each)
