"""Takes the colour under the cursor, scene-linear."""

from typing import Any

from engine.errors import CodefError
from gui.core.editor import Editor
from gui.paint.painting import Painting
from gui.paint.tool import PaintTool


def pick(editor: Editor, painting: Painting, tool: PaintTool) -> bool:
    """Takes the pixel under the cursor as the brush's colour.

    What the canvas holds is taken at once; where it holds only a downscaled picture or none the
    worker is asked for the pixel.

    Returns:
        Whether there was a picture to take it from.
    """
    place, node = tool.place, tool.shown
    if place is None or node is None:
        return False
    x, y = tool.canvas.to_picture(place)
    frame = tool.canvas.frame()
    values = frame.at(x, y) if frame is not None and frame.scale == 1 else None
    if values is not None:
        painting.set_colour(_unmultiplied([float(value) for value in values]))
        return True
    workers = editor.workers
    if workers is None:
        return False

    def done(answer: dict[str, Any]) -> None:
        if answer.get("count"):
            painting.set_colour(_unmultiplied(answer["mean"]))

    def failed(error: CodefError) -> None:
        editor.say(error.message)

    box = [int(x // 1), int(y // 1), int(x // 1) + 1, int(y // 1) + 1]
    args = {"node": node, "frame": editor.clock.frame, "box": box}
    layer = editor.viewing.shown(tool.slot).layer
    if layer is not None:
        args["layer"] = int(layer)
    workers.view.request("sample", args, done, failed)
    return True


def _unmultiplied(values: list[float]) -> tuple[float, float, float]:
    """The colour without its alpha, as strokes hold it."""
    if len(values) < 3:
        return values[0], values[0], values[0]
    red, green, blue = values[:3]
    alpha = values[3] if len(values) > 3 else 1.0
    if 0 < alpha < 1:
        red, green, blue = red / alpha, green / alpha, blue / alpha
    return round(red, 6), round(green, 6), round(blue, 6)
