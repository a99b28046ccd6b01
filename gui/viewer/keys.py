"""What the keys of a viewer do."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from gui.core.viewerinputs import COUNT

if TYPE_CHECKING:
    from gui.viewer.pane import ViewerPane

_STEP = 1.25


def handlers(pane: "ViewerPane") -> dict[str, Callable[[], object]]:
    """For each action of the table what a viewer does."""
    canvas, viewing = pane.canvas, pane.editor.viewing
    found: dict[str, Callable[[], object]] = {
        "viewer.red": lambda: pane.set_channels("r"),
        "viewer.green": lambda: pane.set_channels("g"),
        "viewer.blue": lambda: pane.set_channels("b"),
        "viewer.alpha": lambda: pane.set_channels("a"),
        "viewer.luminance": lambda: pane.set_channels("y"),
        "viewer.matte": lambda: pane.set_channels("m"),
        "viewer.layer_up": lambda: viewing.set_layer(viewing.layer - 1),
        "viewer.layer_down": lambda: viewing.set_layer(viewing.layer + 1),
        "viewer.fit": canvas.fit,
        "viewer.zoom_in": lambda: canvas.zoom_by(_STEP, canvas.cursor_place()),
        "viewer.zoom_out": lambda: canvas.zoom_by(1 / _STEP, canvas.cursor_place()),
        "viewer.zoom_100": lambda: canvas.zoom_to(1.0),
        "viewer.wipe": lambda: pane.toggle_compare("wipe"),
        "viewer.wipe_centre": canvas.centre_wipe,
        "viewer.difference": lambda: pane.toggle_compare("difference"),
        "viewer.swap": lambda: viewing.swap(pane.slot),
        "viewer.roi": pane.toggle_roi,
        "viewer.roi_draw": canvas.draw_roi,
        "viewer.overlays": pane.toggle_overlays,
        "viewer.zebra": pane.toggle_warnings,
        "viewer.gain_reset": pane.reset_look,
        "viewer.refresh": pane.showing.force,
        "viewer.pause": pane.toggle_pause,
    }
    for number in range(1, COUNT + 1):
        found[f"viewer.input_{number}"] = partial(_look_at, pane, number)
    for scale in (1, 2, 4, 8):
        found[f"viewer.downrez_{scale}"] = lambda scale=scale: pane.set_scale(scale)  # type: ignore[misc]
    return found


def _look_at(pane: "ViewerPane", number: int) -> None:
    """A digit over a viewer: looks at what the graph's digits put there."""
    if not pane.editor.viewing.recall(number):
        pane.editor.say(
            f"nothing is on input {number} of the viewer; select a node and press {number % 10} "
            "over the graph"
        )
