"""``codef relink`` and the node Relink: another plate, checked, and then used by the commands."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from engine.errors import EditError
from engine.fields.folder import load_field
from tests.codef_nodes.cli.tinyclip import FRAMES, HEIGHT, WIDTH, Codef, read_png, write_png


@pytest.fixture(scope="module")
def plates(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Other versions of the clip: twice as large and regraded with a handle; upside down."""
    place = tmp_path_factory.mktemp("plates")
    (place / "large").mkdir()
    (place / "wrong").mkdir()
    for frame in FRAMES:
        shot = read_png(clip / f"shot.{frame}.png")
        large = cv2.resize(shot, (2 * WIDTH, 2 * HEIGHT), interpolation=cv2.INTER_CUBIC)
        grade = np.clip(large * np.array([0.8, 0.9, 1.0]) + 10, 0, 255).astype(np.uint8)
        write_png(place / "large" / f"g.{frame}.png", grade)
        write_png(place / "wrong" / f"w.{frame}.png", shot[::-1].copy())
    write_png(place / "large" / f"g.{FRAMES[-1] + 1}.png", grade)
    return place


def test_a_larger_regraded_plate_is_relinked_and_used(
    codef: Codef, field: Path, plates: Path, tmp_path: Path
) -> None:
    out = tmp_path / "NEW"
    answer = codef("relink", field, "--source", plates / "large", "-o", out, "--json")
    assert answer.code == 0, answer.err
    told = answer.last
    assert told["agrees"] and told["size"] == [2 * WIDTH, 2 * HEIGHT]
    assert told["handles"] == [FRAMES[-1] + 1]
    assert told["psnr_edit_path"] > 30 and told["psnr"] >= told["psnr_edit_path"] - 0.1
    assert "the plate agrees with the field" in answer.err
    made = load_field(out)
    assert made.frames == FRAMES and made.width == 2 * WIDTH
    # The new field names its plate, so that the other commands find it.
    assert codef("check", out).code == 0
    still = tmp_path / "still.exr"
    assert codef("canonical", out, "-o", still).code == 0
    shots = tmp_path / "o.%04d.png"
    assert codef("propagate", out, "--edit", still, "-o", shots).code == 0
    frame = FRAMES[2]
    plate = read_png(plates / "large" / f"g.{frame}.png")
    assert np.array_equal(read_png(tmp_path / f"o.{frame}.png"), plate)


def test_a_plate_that_shows_something_else_is_refused_unless_forced(
    codef: Codef, field: Path, plates: Path, tmp_path: Path
) -> None:
    flags = ("relink", field, "--source", plates / "wrong")
    answer = codef(*flags, "-o", tmp_path / "NEW", "--json")
    assert answer.code == 2 and not (tmp_path / "NEW").exists()
    assert "does not show what the field was fitted on" in answer.last["error"]["message"]
    looked = codef(*flags, "--check-only", "--json")
    assert looked.code == 0 and looked.last["agrees"] is False
    assert codef(*flags, "--force", "-o", tmp_path / "NEW").code == 0
    assert codef(*flags).code == 2  # neither -o nor --check-only
    assert codef(*flags, "--offset", 5, "-o", tmp_path / "B").code == 3


def test_the_node_gives_the_fit_for_its_plate(field: Path, plates: Path) -> None:
    def graph(plate: str, **knobs: object) -> Evaluator:
        nodes = {
            "Fit": {"type": "LoadField", "version": 1, "knobs": {"folder": str(field)}},
            "Plate": {"type": "LoadSequence", "version": 1, "knobs": {"file": str(plates / plate)}},
            "Relink": {
                "type": "Relink",
                "version": 1,
                "knobs": knobs,
                "inputs": {"plate": "Plate", "field": "Fit"},
            },
        }
        tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
        return Evaluator(from_tree(json.loads(json.dumps(tree))), Cache(), folder=plates)

    evaluator = graph("large")
    assert evaluator.frames("Relink") == FRAMES
    made = evaluator.value("Relink", None)
    assert made.width == 2 * WIDTH
    assert any("agrees with the field" in note for note in evaluator.notes)
    with pytest.raises(EditError, match="does not show") as refused:
        graph("wrong").value("Relink", None)
    assert refused.value.node == "Relink"
    warned = graph("wrong", check="warn", stills="keep")
    kept = warned.value("Relink", None)
    assert kept.layers[0].canonical.data == load_field(field).layers[0].canonical.data
    assert any("does NOT agree" in note for note in warned.notes)
