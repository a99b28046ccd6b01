"""Colours as the viewer shows them and back: picked as seen, held scene-linear."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.colour.ocio import config_source, load_config
from engine.errors import UsageError
from gui.core.editor import Editor
from gui.viewer.views import View, default_view

Shade = tuple[float, float, float]

BRIGHTEST = 16.0
"""A filmic view shows its white only at extreme light: picks end here, typed numbers do not."""


@dataclass(frozen=True)
class ViewColours:
    """One display and view, both ways.

    Attributes:
        working: The scene-linear working space.
        view: What the viewer shows.
    """

    working: str
    view: View

    def shown(self, colour: Sequence[float]) -> Shade:
        """A scene-linear colour as the screen shows it, 0 to 1."""
        red, green, blue = colour[:3]
        seen = _apply(self.working, self.view, False, (red, green, blue))
        red, green, blue = (min(max(part, 0.0), 1.0) if part == part else 0.0 for part in seen)
        return red, green, blue

    def picked(self, shade: Shade) -> list[float]:
        """The scene-linear colour that looks like that, no part brighter than ``BRIGHTEST``.

        Views without a way back (a look that is a table) are picked in as in the plain view.
        """
        if max(shade) <= 0:
            # The last digits of an inverse would tint black.
            return [0.0, 0.0, 0.0]
        try:
            found = _apply(self.working, self.view, True, shade)
        except UsageError:
            found = _apply(self.working, default_view(self.view.display), True, shade)
        found = tuple(part if math.isfinite(part) else BRIGHTEST for part in found)
        share = min(1.0, BRIGHTEST / max(*found, 1e-9))
        return [float(f"{part * share:.5g}") for part in found]


def view_colours(editor: Editor) -> ViewColours:
    """The colours of the view that the viewers start with."""
    preferences = editor.preferences
    view = default_view(str(preferences.get("display")), str(preferences.get("view")))
    return ViewColours(str(editor.project.document.settings["working_space"]), view)


def _apply(working: str, view: View, back: bool, colour: Shade) -> tuple[float, ...]:
    processor = _processor(working, view, back, config_source())
    if processor is None:
        return colour
    return tuple(float(part) for part in processor.applyRGB(list(colour)))


@lru_cache(maxsize=16)
def _processor(working: str, view: View, back: bool, source: str) -> Any:
    import PyOpenColorIO

    config = load_config(source)
    if view.view not in config.getViews(view.display):
        return None
    way = PyOpenColorIO.TRANSFORM_DIR_INVERSE if back else PyOpenColorIO.TRANSFORM_DIR_FORWARD
    transform = PyOpenColorIO.DisplayViewTransform(
        src=working, display=view.display, view=view.view, direction=way
    )
    try:
        return config.getProcessor(transform).getDefaultCPUProcessor()
    except PyOpenColorIO.Exception as error:
        raise UsageError(
            f"colours cannot be taken through {view.title}; choose another view in the viewer"
        ) from error
