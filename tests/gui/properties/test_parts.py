"""Patterns, slider ranges, pages and how much is made at once."""

from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtWidgets import QWidget

from codef_nodes.graph.commands import AddNode
from codef_nodes.graph.context import Context
from codef_nodes.graph.document import Document
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.registry import Registry
from gui.core.editor import Editor
from gui.properties.bin import PropertiesBin
from gui.properties.files import pattern_of, relative_to
from gui.properties.openpanels import OpenPanels
from gui.properties.slider import slider_range
from gui.properties.table import cell_text, cell_value


def test_one_frame_names_its_sequence(tmp_path: Path) -> None:
    for frame in (1, 2):
        (tmp_path / f"shot_v02.{frame:04d}.exr").touch()
    (tmp_path / "take2.exr").touch()
    assert pattern_of(tmp_path / "shot_v02.0001.exr") == str(tmp_path / "shot_v02.####.exr")
    assert pattern_of(tmp_path / "take2.exr") == str(tmp_path / "take2.exr")
    assert pattern_of(tmp_path / "gone" / "a.01.exr") == str(tmp_path / "gone" / "a.01.exr")


def test_paths_below_the_document_are_relative(tmp_path: Path) -> None:
    assert relative_to(str(tmp_path / "plates" / "a.exr"), tmp_path) == "plates/a.exr"
    assert Path(relative_to(str(tmp_path.parent / "a.exr"), tmp_path)).is_absolute()


def test_sliders_cover_what_is_useful() -> None:
    def knob(default: float, low: float | None, high: float | None) -> Knob:
        return Knob("k", "float", default, "Help.", minimum=low, maximum=high)

    assert slider_range(knob(0.5, 0, 1)) == (0, 1)
    assert slider_range(knob(0.0, -20, 20)) == (-20, 20)
    assert slider_range(knob(3.0, 0, 1000)) == (0, 12)
    assert slider_range(knob(0.0, -1e6, 1e6)) is None
    assert slider_range(knob(1.0, 0, None)) is None


def test_cells_keep_their_types() -> None:
    for value in (1, 2.5, True, None, "word", "1", [1, 2], {"a": 1}):
        assert cell_value(cell_text(value)) == value


def test_open_panels_keep_the_place_of_a_node_that_is_away() -> None:
    panels = OpenPanels(3)
    for name in ("a", "b", "c"):
        panels.open(name)
    assert panels.shown(lambda name: name != "b") == ["c", "a"]
    panels.rename("b", "d")
    assert panels.shown(lambda name: True) == ["c", "d", "a"]


class Huge(Node):
    """Many knobs on many pages."""

    type: ClassVar[str] = "Huge"
    category: ClassVar[str] = "Edit"
    help: ClassVar[str] = "Has many knobs."
    knobs: ClassVar[tuple[Knob, ...]] = tuple(
        Knob(f"k{i}", "float", 0.0, "A number.", minimum=0, maximum=1, page=f"Page {i // 20}")
        for i in range(300)
    )

    def compute(self, ctx: Context) -> Any:
        """Nothing."""


def test_a_panel_of_300_knobs_makes_the_widgets_of_one_page(editor: Editor) -> None:
    registry = Registry()
    registry.register(Huge)
    editor.project.use(Document(registry), None)
    editor.project.do(AddNode("Huge", "H"))
    panels = PropertiesBin(editor)
    panels.resize(420, 700)
    panels.show()
    panels.open("H")
    panel = panels.panels[0]
    first = len(panel.findChildren(QWidget))
    assert panel.tabs.count() == 16
    panel.tabs.setCurrentIndex(14)
    one_page = len(panel.findChildren(QWidget)) - first
    assert one_page > 0 and first < 4 * one_page
