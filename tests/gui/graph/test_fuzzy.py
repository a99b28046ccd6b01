"""The search by a few letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codef_nodes.graph.document import Document
from gui.graph.catalogue import KEPT, candidates, entry_of, matching_alias, ranked, remembered
from gui.graph.fuzzy import best_of, score


@pytest.mark.parametrize(
    ("typed", "first"),
    [("ls", "LoadSequence"), ("read", "LoadSequence"), ("mer", "Merge"), ("over", "Merge"),
     ("fit", "FitCoDeF"), ("write", "WriteSequence"), ("cv", "CanonicalView"), ("dot", "Dot"),
     ("rotopaint", "Paint"), ("of", "OpticalFlow"), ("reroute", "Dot"), ("sticky", "Backdrop")],
)  # fmt: skip
def test_what_artists_type_finds_what_they_mean(typed: str, first: str) -> None:
    found = ranked(typed, candidates(Document()), [])
    assert found[0].cls.type == first, [entry.id for entry in found]


@pytest.mark.parametrize(
    ("typed", "first"),
    [("gr", "ImageOperation.grade"), ("blur", "ImageOperation.blur"), ("plus", "Merge.plus"),
     ("satu", "ImageOperation.saturation"), ("external", "ImageOperation.external"),
     ("merge", "Merge")],
)  # fmt: skip
def test_operations_are_found_as_nodes(typed: str, first: str) -> None:
    found = ranked(typed, candidates(Document()), [])
    assert found[0].id == first, [entry.id for entry in found]


def test_what_is_created_is_called_by_what_it_does() -> None:
    document = Document()
    blur, plus = (entry_of(document, name) for name in ("ImageOperation.blur", "Merge.plus"))
    assert (blur.title, blur.stem, blur.knobs) == ("Blur", "Blur", {"operation": "blur"})
    assert (plus.title, plus.stem, plus.knobs) == ("Plus", "Merge", {"operation": "plus"})
    external = entry_of(document, "ImageOperation.external")
    assert (external.title, external.stem) == ("External command", "ExternalCommand")
    plain = entry_of(document, "Merge")
    assert (plain.title, plain.stem, plain.knobs) == ("Merge", "Merge", {})
    assert entry_of(document, "Merge.unheard_of").id == "Merge"


def test_with_nothing_typed_there_are_the_classes_and_what_was_used() -> None:
    entries = candidates(Document())
    shown = [entry.id for entry in ranked("", entries, ["Merge.plus"])]
    assert shown[0] == "Merge.plus" and shown.count("Merge") == 1
    assert not [name for name in shown[1:] if "." in name]


def test_letters_must_come_in_order() -> None:
    assert score("egrem", "Merge") is None
    assert score("", "Merge") == 0.0
    assert score("mrg", "Merge") is not None
    assert best_of("x", ["Merge", "Over"]) is None


def test_recent_ones_break_ties_only() -> None:
    classes = candidates(Document())
    assert [entry.id for entry in ranked("", classes, ["Switch", "Dot"])[:2]] == ["Switch", "Dot"]
    assert ranked("merge", classes, ["Switch"])[0].id == "Merge"


def test_the_alias_that_was_found_is_named() -> None:
    load = entry_of(Document(), "LoadSequence")
    assert matching_alias("footage", load) == "Footage"
    assert matching_alias("load", load) == ""


def test_the_last_used_comes_first_once() -> None:
    recent: list[str] = []
    for kind in ["A", "B", "A", *map(str, range(20))]:
        recent = remembered(recent, kind)
    assert recent[0] == "19" and len(recent) == KEPT
    assert remembered(["A", "B"], "B") == ["B", "A"]


@given(st.text(max_size=8), st.text(max_size=20))
def test_any_text_can_be_typed(typed: str, text: str) -> None:
    found = score(typed, text)
    assert found is None or isinstance(found, float)
