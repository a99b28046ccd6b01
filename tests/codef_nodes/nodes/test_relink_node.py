"""Relink in a graph: made below a fit it stops nothing, even before its plate is wired."""

import json
from pathlib import Path
from typing import Any

import pytest

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from engine.fields.folder import save_field
from tests.codef_nodes.nodes.test_pins_node import node
from tests.engine.warp.moving import moving_field


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory: pytest.TempPathFactory) -> Evaluator:
    folder = tmp_path_factory.mktemp("relink")
    save_field(moving_field(), folder / "fit")
    nodes: dict[str, Any] = {
        "Fit": node("LoadField", folder="fit"),
        "Relink": node("Relink", {"field": "Fit"}, offset=100),
        "Still": node("CanonicalView", {"field": "Relink"}),
    }
    tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
    return Evaluator(from_tree(json.loads(json.dumps(tree))), Cache(), folder=Path(folder))


def test_without_a_plate_the_fit_passes_as_it_is(evaluator: Evaluator) -> None:
    field = evaluator.value("Fit", None)
    assert evaluator.value("Relink", None) is field
    assert evaluator.frames("Relink") == field.frames
    assert evaluator.value("Still", None).pixels.any()
    assert any("has no plate yet" in sentence for sentence in evaluator.notes)
