"""The Propagate node's knobs of how an edit meets the plate."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from codef_nodes.nodes.finish_knobs import FINISH_KNOBS
from engine.edit.device_stills import Stills
from engine.edit.finish import FULL_FINISH, Finish
from engine.errors import DeviceError
from tests.codef_nodes.cli.tinyclip import FRAMES, make_clip
from tests.codef_nodes.nodes.test_nodes_alone import node


def test_knobs_are_the_fields_of_the_finish_with_its_values_as_defaults() -> None:
    assert [knob.name for knob in FINISH_KNOBS] == [field.name for field in fields(Finish)]
    for knob in FINISH_KNOBS:
        assert knob.default == getattr(FULL_FINISH, knob.name)
        assert knob.check(knob.default) == knob.default
        for limit in (knob.minimum, knob.maximum):
            if limit is not None:
                Finish(**{knob.name: limit})


@pytest.fixture
def graded(tmp_path: Path) -> Evaluator:
    """A grade of the still, put into the frames three ways."""
    make_clip(tmp_path / "clip")
    wires = {"source": "Clip", "field": "Fit", "edit": ["Grade"]}
    nodes = {
        "Clip": node("LoadSequence", file="clip"),
        "Fit": node("FitCoDeF", {"clip": "Clip"}, steps=1),
        "Still": node("CanonicalView", {"field": "Fit"}),
        "Grade": node(
            "ImageOperation", {"image": "Still"}, operation="exposure", exposure_stops=-1
        ),
        "Auto": node("Propagate", wires),
        "Over": node("Propagate", wires, merge="over", holdout=False, regrain=0, focus=0),
        "Card": node("Propagate", wires, device="cuda"),
    }
    tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
    return Evaluator(from_tree(tree), Cache(), folder=tmp_path)


def test_a_grade_through_the_node_is_a_grade_of_the_plate(graded: Evaluator) -> None:
    plate = graded.value("Clip", FRAMES[0]).rgb[4:-4, 4:-4]
    off = {}
    for name in ("Auto", "Over"):
        result = graded.value(name, FRAMES[0]).rgb[4:-4, 4:-4]
        off[name] = np.abs(result - plate / 2).mean()
    assert off["Auto"] < 0.3 * off["Over"]


def test_a_frame_is_the_same_by_the_way_of_cards(
    graded: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {name: graded.value(name, FRAMES[1]) for name in ("Auto", "Over")}
    read, count = Stills.read, []

    def counting(self: Stills, *asked: Any, **how: Any) -> torch.Tensor:
        count.append(1)
        return read(self, *asked, **how)

    monkeypatch.setattr(Stills, "read", counting)
    monkeypatch.setenv("CODEF_KERNELS", "torch")
    assert graded.cache.ram is not None
    graded.cache.ram.clear()
    for name, slow in wanted.items():
        count.clear()
        fast = graded.value(name, FRAMES[1])
        assert fast is not slow and count
        np.testing.assert_allclose(fast.pixels, slow.pixels, atol=1e-4)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card here")
def test_a_card_that_is_not_there_is_said_with_the_node(graded: Evaluator) -> None:
    with pytest.raises(DeviceError, match="no device cuda here") as error:
        graded.value("Card", FRAMES[0])
    assert error.value.node == "Card"
