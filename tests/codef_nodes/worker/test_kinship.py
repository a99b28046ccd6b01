"""Which fit and which space a node belongs to, so that the viewers' cursors can be linked."""

import pytest

from codef_nodes.graph.cache import Cache, RamCache
from codef_nodes.graph.commands import AddNode, Connect, SetDisabled, SetKnob
from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.worker.kinship import clip_of, fit_near, passes_on, space_of

NODES = {
    "Plate": ("LoadSequence", {}),
    "Denoised": ("ImageOperation", {"image": "Plate"}),
    "Fit": ("FitCoDeF", {"clip": "Denoised"}),
    "Bend": ("Dot", {"input": "Fit"}),
    "Still": ("CanonicalView", {"field": "Bend"}),
    "Paint": ("Paint", {"image": "Still"}),
    "Carry": ("Propagate", {"field": "Fit", "edit": "Paint", "source": "Plate"}),
    "Choice": ("Switch", {"input_0": "Plate", "input_1": "Carry"}),
    "Out": ("WriteSequence", {"image": "Choice"}),
    "Alone": ("LoadSequence", {}),
    "Field": ("LoadField", {}),
}


@pytest.fixture
def document():
    document = Document()
    for name, (kind, _) in NODES.items():
        AddNode(kind, name).run(document)
    for name, (kind, wires) in NODES.items():
        for port, source in wires.items():
            if kind == "Dot":
                port = document.node_class(name).inputs[0].name
            Connect(source, name, port).run(document)
    return document


@pytest.mark.parametrize(
    ("node", "space", "fit"),
    [
        ("Plate", "frame", "Fit"),
        ("Denoised", "frame", "Fit"),
        ("Fit", "canonical", "Fit"),
        ("Bend", "canonical", "Fit"),
        ("Still", "canonical", "Fit"),
        ("Paint", "canonical", "Fit"),
        ("Carry", "frame", "Fit"),
        ("Out", "frame", "Fit"),
        ("Alone", "frame", None),
        ("Field", "canonical", "Field"),
    ],
)
def test_a_node_knows_its_fit_and_its_space(document, node, space, fit):
    assert (space_of(document, node), fit_near(document, node)) == (space, fit)


def test_the_chosen_input_of_a_switch_decides(document):
    SetKnob("Choice", "which", 1).run(document)
    assert (space_of(document, "Out"), fit_near(document, "Out")) == ("frame", "Fit")


def test_a_disabled_node_is_what_it_passes_on(document):
    SetDisabled("Carry", True).run(document)
    SetKnob("Choice", "which", 1).run(document)
    assert space_of(document, "Out") == "frame"


def test_what_only_passes_on_keeps_nothing_itself(document):
    evaluator = Evaluator(document, Cache(RamCache(1 << 20)))
    assert passes_on(evaluator, "Out") == "Plate"
    SetKnob("Choice", "which", 1).run(document)
    assert passes_on(evaluator, "Out") == "Carry"
    assert passes_on(evaluator, "Paint") == "Paint"
    SetDisabled("Paint", True).run(document)
    assert passes_on(evaluator, "Paint") == "Still"


def test_the_clip_of_a_fit_is_found_past_what_corrects_it(document):
    AddNode("Pins", "Pins").run(document)
    Connect("Fit", "Pins", "field").run(document)
    assert clip_of(document, "Pins") == clip_of(document, "Fit") == "Denoised"
    AddNode("Relink", "Relink").run(document)
    Connect("Pins", "Relink", "field").run(document)
    Connect("Alone", "Relink", "plate").run(document)
    assert clip_of(document, "Relink") == "Alone"
    assert clip_of(document, "Field") is None and clip_of(document, "gone") is None
