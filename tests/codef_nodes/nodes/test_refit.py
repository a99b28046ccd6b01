"""FitCoDeF after a change of masks: only the group that changed is fitted, and only when it may."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.commands import SetKnob
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from engine.fields.folder import load_field
from tests.codef_nodes.cli.tinyclip import write_png
from tests.codef_nodes.nodes.test_mask_nodes import node
from tests.engine.masks.scene import box, shot

FRAMES, TRUTH = shot(5)
QUICK = {"coarse_passes": 1, "medium_passes": 1, "fine_passes": 2, "full_passes": 2}
Make = Callable[[Path], Evaluator]


def polygon(right: float) -> dict[str, Any]:
    left, top, _, bottom = box(TRUTH[2])
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return {"card": {"keys": {"1": {"points": [[x, y, 0, 0, 0, 0] for x, y in corners]}}}}


@pytest.fixture
def evaluator(tmp_path: Path) -> Evaluator:
    (tmp_path / "clip").mkdir()
    for index, frame in enumerate(FRAMES):
        write_png(tmp_path / "clip" / f"s.{index + 1:04d}.png", frame[..., ::-1])
    far = box(TRUTH[2])[2]
    nodes = {
        "Clip": node("LoadSequence", file="clip"),
        "Shape": node("DrawMask", {"source": "Clip"}, shapes=polygon(far)),
        "Groups": node("MaskGroup", {"masks": ["Shape"]}),
        "Fit": node(
            "FitCoDeF", {"clip": "Clip", "groups": "Groups"}, steps=6, numbers=QUICK, frames="1-5"
        ),
    }
    tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
    return Evaluator(from_tree(json.loads(json.dumps(tree))), Cache(), folder=tmp_path)


def refit(evaluator: Evaluator, *commands: SetKnob) -> Any:
    """The field after some changes, by the node's own fit."""
    for command in commands:
        command.run(evaluator.document)
    return load_field(evaluator.refit("Fit"))


def test_a_changed_mask_keeps_the_other_groups(evaluator: Evaluator) -> None:
    first = refit(evaluator)
    wider = SetKnob("Shape", "shapes", polygon(box(TRUTH[2])[2] - 12))
    second = refit(evaluator, wider)
    assert evaluator.fit_state("Fit") == "fitted"
    assert second.report["fitted_again"] == ["Shape"]
    old, new = first.layers[1], second.layers[1]
    assert np.array_equal(old.deformation.lattices, new.deformation.lattices)
    top, left = (
        old.canonical.data.y0 - new.canonical.data.y0,
        (old.canonical.data.x0 - new.canonical.data.x0),
    )
    known = old.canonical.pixels[..., 3] > 0
    part = new.canonical.pixels[top : top + known.shape[0], left : left + known.shape[1]]
    assert np.array_equal(part[known], old.canonical.pixels[known])


@pytest.mark.parametrize(
    "also",
    [
        SetKnob("Fit", "numbers", {**QUICK, "stiffness": 0.02}),
        SetKnob("Fit", "refit", "everything"),
        SetKnob("Clip", "colour_space", "Linear Rec.709 (sRGB)"),
    ],
    ids=["recipe", "asked", "clip"],
)
def test_anything_else_that_changes_fits_everything(evaluator: Evaluator, also: SetKnob) -> None:
    refit(evaluator)
    wider = SetKnob("Shape", "shapes", polygon(box(TRUTH[2])[2] - 12))
    assert "fitted_again" not in refit(evaluator, wider, also).report


def test_a_setting_of_a_group_fits_that_group(evaluator: Evaluator) -> None:
    refit(evaluator)
    stiff = SetKnob("Groups", "groups", {"background": {"stiffness": 5}})
    done = refit(evaluator, stiff)
    assert done.report["fitted_again"] == ["background"]
    assert done.report["kept"] == ["Shape"]


def test_a_colour_makes_no_fit_stale_and_a_name_does(evaluator: Evaluator) -> None:
    refit(evaluator)
    SetKnob("Groups", "groups", {"Shape": {"colour": "#ff0000"}}).run(evaluator.document)
    assert evaluator.fit_state("Fit") == "fitted"
    SetKnob("Groups", "groups", {"Shape": {"name": "car"}}).run(evaluator.document)
    assert evaluator.fit_state("Fit") == "stale"
