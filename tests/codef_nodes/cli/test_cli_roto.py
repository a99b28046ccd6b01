"""Shapes that leave for Nuke, and keypoints of a detector of one's own."""

import ast
import json
from pathlib import Path

from tests.codef_nodes.cli.tinyclip import FRAMES, Codef
from tests.engine.lift.test_onnxpoints import model, spots


def test_tracked_shapes_are_written_as_a_script_for_nuke(
    codef: Codef, field: Path, tmp_path: Path
) -> None:
    corners = [[12, 12], [30, 12], [30, 26], [12, 26]]
    shapes = tmp_path / "shapes.json"
    shapes.write_text(json.dumps({"door": {"keys": {str(FRAMES[0]): {"points": corners}}}}))
    target = tmp_path / "roto.py"
    assert codef("track", field, "--shapes", shapes, "-o", target).code == 0
    text = target.read_text("utf-8")
    ast.parse(text)
    said = json.loads(text.split('r"""')[1].split('"""')[0])
    assert said[0]["name"] == "door"
    assert [key["frame"] for key in said[0]["keys"]] == list(FRAMES)


def test_a_detector_of_a_file_finds_keypoints(codef: Codef, field: Path, tmp_path: Path) -> None:
    path = model(tmp_path / "spots.onnx", spots())
    target = tmp_path / "tracks.json"
    answer = codef(
        "track", field, "--keypoints", path, "--count", 5, "--no-look", "-o", target, "--json"
    )
    assert answer.code == 0, answer.err
    tracks = json.loads(target.read_text("utf-8"))["tracks"]
    assert 1 <= len(tracks) <= 5
    assert len(tracks[0]["points"]) == len(FRAMES)
    absent = codef("track", field, "--keypoints", tmp_path / "no.onnx", "-o", target)
    assert absent.code == 3
    assert codef("track", field, "--keypoints", "surf", "-o", target).code == 2
