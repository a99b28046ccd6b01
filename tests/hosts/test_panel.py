"""The panel in the side bars, and the preferences."""

from pathlib import Path

from tests.hosts.blender import Blender
from tests.hosts.clips import make_png_clip


def test_the_panel_shows_what_there_is_and_what_went_wrong(
    blender: Blender, tmp_path: Path
) -> None:
    first = make_png_clip(tmp_path / "clip")
    found = blender.run("panel", folder=str(tmp_path), file=str(first))["found"]
    assert found["empty"] == ["Send to Codef Nodes"]
    buttons = ["Fit", "Open in Codef Nodes", "Bake to Compositor Nodes"]
    assert found["sent"][:4] == ["Send to Codef Nodes", *buttons]
    assert any("now fit it" in text for text in found["sent"])
    words = "".join(found["error"])
    assert "the disk is full" in " ".join(found["error"])
    assert "/a/very/long/path/" in words
    assert found["width"] <= 26, "a line of the error does not fit in a side bar"
    assert {"40%", "matching: 40%, 0:20 left"} <= {text.strip() for text in found["busy"]}
    assert any("codef" in text for text in found["preferences"])
