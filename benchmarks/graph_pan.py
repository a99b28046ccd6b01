"""Frames per second of the node graph: panning, zooming and dragging, drawn in software.

``python -m benchmarks.graph_pan [--nodes N]... [-o FILE]``: builds a graph, shows the pane without
a display and drives it with real mouse and wheel events; a frame counts when its pixels are drawn.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SIZE = (1600, 900)
STEPS = 120
PER_SHOT = 10


def main() -> int:
    """Prints one row per size of graph."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.graph_pan", description=__doc__)
    parser.add_argument("--nodes", type=int, action="append", help="size of the graph")
    parser.add_argument("-o", "--output", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    rows = []
    with TemporaryDirectory() as folder:
        os.environ["CODEF_CONFIG"] = folder
        for nodes in options.nodes or [300, 1000]:
            rows.append(measure(nodes))
    names = list(rows[0])
    print("  ".join(f"{name:>18}" for name in names))
    for row in rows:
        print("  ".join(f"{row[name]:>18}" for name in names))
    if options.output is not None:
        from benchmarks.machine import record

        record(options.output, {"size": SIZE, "rows": rows})
    return 0


def measure(nodes: int) -> dict[str, Any]:
    """Median frames per second of each scripted gesture, on a fresh pane."""
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtWidgets import QApplication

    from gui import theme
    from gui.core.editor import Editor
    from gui.graph.pane import GraphPane

    app = QApplication.instance() or QApplication(["codef"])
    if isinstance(app, QApplication):
        theme.apply(app)
    editor = Editor()
    began = time.perf_counter()
    editor.project.use(build(nodes), None)
    pane = GraphPane(editor)
    pane.resize(*SIZE)
    pane.show()
    app.processEvents()
    opened = time.perf_counter() - began
    view = pane.view
    hand = _Hand(view.viewport(), lambda: app.processEvents())
    found: dict[str, Any] = {"nodes": len(pane.scene.nodes), "open ms": round(opened * 1e3)}

    middle = QPoint(SIZE[0] // 2, SIZE[1] // 2)
    view.frame()
    found["pan, all seen"] = hand.drag(middle, Qt.MouseButton.MiddleButton)
    view._look(1.0)
    found["pan at 100 %"] = hand.drag(middle, Qt.MouseButton.MiddleButton)
    view.frame()
    found["zoom at cursor"] = hand.zoom(middle)
    view.frame()
    found["redraw all"] = hand.rate(lambda step: view.viewport().update())
    view._look(1.0)
    name = next(iter(pane.scene.nodes))
    view.centerOn(pane.scene.extent([name]).center())
    app.processEvents()
    start = view.mapFromScene(pane.scene.nodes[name].body().center())
    found["drag a node"] = hand.drag(start, Qt.MouseButton.LeftButton)
    pane.close()
    pane.deleteLater()
    editor.close()
    return found


def build(nodes: int) -> Any:
    """Shots side by side and below each other: plates, fits, grades, paint, writes."""
    from codef_nodes.graph.serialise import from_tree

    chain = ("LoadSequence", "OpticalFlow", "FitCoDeF", "CanonicalView", "ImageOperation", "Paint",
             "Propagate", "Merge", "ImageOperation", "WriteSequence")  # fmt: skip
    blocks: dict[str, Any] = {}
    for number in range(nodes):
        shot, place = divmod(number, PER_SHOT)
        made = [f"S{shot}_{row}" for row in range(PER_SHOT)]
        inputs: list[dict[str, Any]] = [
            {}, {"image": made[0]}, {"clip": made[0], "flow": made[1]}, {"field": made[2]},
            {"image": made[3]}, {"image": made[4]},
            {"source": made[0], "field": made[2], "edit": [made[5]]},
            {"b": made[6], "a": made[5]}, {"image": made[7]}, {"image": made[8]},
        ]  # fmt: skip
        column, row = shot % 12, shot // 12
        x = column * 220.0 + (60.0 if place in (1, 5) else 0.0)
        blocks[made[place]] = {
            "type": chain[place],
            "version": 1,
            "knobs": {},
            "inputs": inputs[place],
            "position": [x, row * 1100.0 + place * 95.0],
        }
    return from_tree({"codef": {"schema": 1}, "settings": {}, "nodes": blocks})


class _Hand:
    """Sends events and counts drawn frames."""

    def __init__(self, widget: Any, drawn: Callable[[], None]) -> None:
        self._widget, self._drawn = widget, drawn

    def rate(self, step: Callable[[int], None]) -> float:
        times = []
        for number in range(STEPS):
            began = time.perf_counter()
            step(number)
            self._drawn()
            times.append(time.perf_counter() - began)
        return round(1.0 / statistics.median(times), 1)

    def drag(self, start: Any, button: Any) -> float:
        from PySide6.QtCore import QEvent, QPoint, Qt

        # Up and down again, far enough that new nodes come in at the edges.
        path = [QPoint(9 * n if n < STEPS // 2 else 9 * (STEPS - n), 4 * n) for n in range(STEPS)]
        none = Qt.MouseButton.NoButton
        self._send(QEvent.Type.MouseButtonPress, start, button, button)
        found = self.rate(
            lambda n: self._send(QEvent.Type.MouseMove, start + path[n], none, button)
        )
        self._send(QEvent.Type.MouseButtonRelease, start + path[-1], button, none)
        return found

    def zoom(self, at: Any) -> float:
        from PySide6.QtCore import QPoint, QPointF, Qt
        from PySide6.QtGui import QWheelEvent
        from PySide6.QtWidgets import QApplication

        def step(number: int) -> None:
            turn = QPoint(0, 40 if number < STEPS // 2 else -40)
            event = QWheelEvent(
                QPointF(at), QPointF(self._widget.mapToGlobal(at)), QPoint(), turn,
                Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(self._widget, event)

        return self.rate(step)

    def _send(self, kind: Any, at: Any, button: Any, buttons: Any) -> None:
        from PySide6.QtCore import QPointF, Qt
        from PySide6.QtGui import QMouseEvent
        from PySide6.QtWidgets import QApplication

        event = QMouseEvent(
            kind, QPointF(at), QPointF(self._widget.mapToGlobal(at)), button, buttons,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(self._widget, event)


if __name__ == "__main__":
    raise SystemExit(main())
