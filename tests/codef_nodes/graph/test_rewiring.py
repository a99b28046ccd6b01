"""Rewiring as the node editor does it: dots, extract, click order, swap, cut, paste."""

import pytest

from codef_nodes.graph import commands as c
from codef_nodes.graph import rewiring as r
from codef_nodes.graph.clipboard import as_clipboard_text, from_clipboard_text
from codef_nodes.graph.document import Document
from codef_nodes.graph.history import History
from codef_nodes.graph.pasting import Paste
from codef_nodes.graph.serialise import as_text, from_tree
from codef_nodes.graph.types import gives, takes
from engine.errors import UsageError


def desk(*nodes: tuple[str, str, dict[str, object]]) -> Document:
    document = Document()
    for kind, name, _ in nodes:
        c.AddNode(kind, name).run(document)
    for _, name, inputs in nodes:
        for port, wires in inputs.items():
            for wire in wires if isinstance(wires, list) else [wires]:
                c.Connect(wire, name, port).run(document)
    return document


def shot() -> Document:
    return desk(
        ("LoadSequence", "Plate", {}),
        ("FitCoDeF", "Fit", {"clip": "Plate"}),
        ("CanonicalView", "Still", {"field": "Fit"}),
        ("ImageOperation", "Grade", {"image": "Still"}),
        ("Paint", "Paint", {"image": "Grade"}),
        ("Propagate", "Carry", {"source": "Plate", "field": "Fit", "edit": ["Paint"]}),
    )


def test_a_dot_takes_the_type_that_comes_to_it() -> None:
    document = desk(
        ("LoadSequence", "Plate", {}),
        ("FitCoDeF", "Fit", {"clip": "Plate"}),
        ("Dot", "Dot1", {"input": "Fit"}),
        ("Dot", "Dot2", {"input": "Dot1"}),
        ("CanonicalView", "Still", {"field": "Dot2"}),
        ("Merge", "Merge1", {}),
    )
    assert gives(document, "Dot2") == "field"
    with pytest.raises(UsageError, match=r"Dot2 gives field, but Merge1\.b takes image"):
        c.Connect("Dot2", "Merge1", "b").run(document)
    assert takes(document, "Dot1", "input") == "field"
    with pytest.raises(UsageError, match=r"Plate gives image, but Dot1\.input takes field"):
        c.Connect("Plate", "Dot1", "input").run(document)
    from_tree(document.tree())


def test_a_loose_dot_takes_anything_until_a_reader_settles_it() -> None:
    document = desk(("Dot", "Dot1", {}), ("Merge", "Merge1", {}), ("LoadField", "Field", {}))
    assert gives(document, "Dot1") == "any"
    c.Connect("Dot1", "Merge1", "b").run(document)
    assert gives(document, "Dot1") == "image"
    with pytest.raises(UsageError, match="takes image"):
        c.Connect("Field", "Dot1", "input").run(document)


def test_removing_a_dot_heals_its_wire() -> None:
    document = desk(
        ("LoadSequence", "Plate", {}), ("Dot", "Dot1", {"input": "Plate"}),
        ("Merge", "Merge1", {"b": "Dot1", "a": "Dot1"}),
    )  # fmt: skip
    c.RemoveNode("Dot1").run(document)
    assert document.wires("Merge1", "a") == document.wires("Merge1", "b") == ("Plate",)


def test_extract_heals_around_the_set_and_keeps_the_wires_in_it() -> None:
    document = shot()
    r.Extract(["Grade", "Paint"]).run(document)
    assert document.wires("Carry", "edit") == ("Still",)
    assert document.wires("Grade", "image") == ()
    assert document.wires("Paint", "image") == ("Grade",)


def test_extract_leaves_nothing_where_types_do_not_fit() -> None:
    document = shot()
    history = History(document)
    before = as_text(document)
    history.do(r.Extract(["Fit"]))
    assert document.wires("Still", "field") == () == document.wires("Fit", "clip")
    history.undo()
    assert as_text(document) == before


def test_click_order_makes_a_chain() -> None:
    document = desk(
        ("LoadSequence", "Plate", {}), ("ImageOperation", "Grade", {}), ("WriteSequence", "Out", {})
    )
    r.connect_in_order(document, ["Plate", "Grade", "Out"]).run(document)
    assert document.wires("Grade", "image") == ("Plate",)
    assert document.wires("Out", "image") == ("Grade",)


def test_two_clips_and_a_merge_become_b_and_a() -> None:
    document = desk(
        ("LoadSequence", "Back", {}), ("LoadSequence", "Front", {}), ("Merge", "Over", {})
    )
    r.connect_in_order(document, ["Back", "Front", "Over"]).run(document)
    assert (document.wires("Over", "b"), document.wires("Over", "a")) == (("Back",), ("Front",))
    with pytest.raises(UsageError, match="order of the stream"):
        r.connect_in_order(document, ["Back"])


def test_best_input_knows_an_edit_of_a_canonical_from_a_plate() -> None:
    document = shot()
    c.AddNode("Propagate", "New").run(document)
    assert r.best_input(document, "Paint", "New") == "edit"
    assert r.best_input(document, "Plate", "New") == "source"
    c.AddNode("Stabilise", "Stable").run(document)
    c.Connect("Plate", "Stable", "source").run(document)
    assert r.best_input(document, "Stable", "New") == "edit"
    assert r.best_input(document, "Fit", "New") == "field"


def test_drop_targets_say_why_not() -> None:
    document = shot()
    targets = r.drop_targets(document, "Fit")
    assert targets["Carry"] is None and targets["Still"] is None
    assert "no inputs" in (targets["Plate"] or "") or "cycle" in (targets["Plate"] or "")
    assert "no input for field" in (r.drop_targets(document, "Fit")["Grade"] or "")
    back = r.source_targets(document, "Grade", "image")
    assert back["Plate"] is None and "cycle" in (back["Paint"] or "")
    assert back["Fit"] == "Fit gives field, but Grade.image takes image"


def test_swap_and_disconnect() -> None:
    document = desk(
        ("LoadSequence", "Back", {}), ("LoadSequence", "Front", {}),
        ("Merge", "Over", {"b": "Back", "a": "Front"}),
    )  # fmt: skip
    r.SwapInputs("Over").run(document)
    assert document.wires("Over", "b") == ("Front",)
    r.DisconnectAll(["Over"]).run(document)
    assert not document.state("Over").inputs
    with pytest.raises(UsageError, match="no two inputs"):
        r.SwapInputs("Back").run(document)


def test_cut_takes_single_wires() -> None:
    document = shot()
    c.Connect("Grade", "Carry", "edit").run(document)
    r.CutWires({("Carry", "edit", 0), ("Grade", "image", 0)}).run(document)
    assert document.wires("Carry", "edit") == ("Grade",)
    assert document.wires("Grade", "image") == ()


def test_copy_and_paste_keeps_knobs_and_inner_wires() -> None:
    document = shot()
    c.SetLabel("Grade", "warm").run(document)
    c.SetKnob("Grade", "mix", 0.5).run(document)
    c.RecordField("Fit", {"path": "p", "key": "k"}).run(document)
    text = as_clipboard_text(document, ["Fit", "Still", "Grade"])
    paste = Paste(from_clipboard_text(text), (10.0, 20.0))
    History(document).do(paste)
    assert paste.names == {"Fit": "Fit1", "Still": "Still1", "Grade": "Grade1"}
    assert document.wires("Still1", "field") == ("Fit1",)
    assert document.wires("Fit1", "clip") == ()
    assert document.state("Grade1").label == "warm"
    assert document.knob_value("Grade1", "mix") == 0.5
    assert document.state("Grade1").position == (10.0, 20.0)
    assert document.state("Fit1").field is not None, "the same document has that fit"
    other = Document()
    Paste(from_clipboard_text(text)).run(other)
    assert other.state("Fit").field is None, "elsewhere the record names nothing"
    assert as_text(from_tree(document.tree())) == as_text(document)


def test_a_copy_can_be_saved_as_a_file_and_a_file_can_be_pasted() -> None:
    document = shot()
    other = Document()
    Paste(from_clipboard_text(as_text(document))).run(other)
    assert set(other.nodes) == set(document.nodes)


def test_unknown_nodes_survive_the_clipboard() -> None:
    tree = {
        "codef": {"schema": 1}, "settings": {},
        "nodes": {
            "A": {"type": "LoadSequence", "knobs": {}, "inputs": {}},
            "X": {"type": "FromTheFuture", "version": 7, "knobs": {"deep": [1, {"a": 2}]},
                  "inputs": {"in": "A"}, "later": True},
        },
    }  # fmt: skip
    document = from_tree(tree)
    other = Document()
    Paste(from_clipboard_text(as_clipboard_text(document, ["A", "X"]))).run(other)
    assert other.state("X").block()["knobs"] == {"deep": [1, {"a": 2}]}
    assert other.state("X").extra == {"later": True} and other.wires("X", "in") == ("A",)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "[1, 2]", "{",
     '{"codef": {"schema": 99}}', '{"codef": {"schema": 1}}', "{" * 9999,
     '{"codef": {"schema": 1}, "nodes": {"A": 3}}', '{"a": NaN}',
     '{"codef":{"schema":1},"nodes":{"A":{"type":"Merge","inputs":{"b":"A"}}}}',
     '{"codef":{"schema":1},"nodes":{"A":{"type":"Merge","inputs":{"b":"B"}}}}'],
)  # fmt: skip
def test_garbage_in_the_clipboard_is_one_clear_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="clipboard"):
        from_clipboard_text(text)
