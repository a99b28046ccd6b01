"""The search by a few letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codef_nodes.graph.document import Document
from gui.graph.catalogue import KEPT, candidates, matching_alias, ranked, remembered
from gui.graph.fuzzy import best_of, score


@pytest.mark.parametrize(
    ("typed", "first"),
    [("ls", "LoadSequence"), ("read", "LoadSequence"), ("mer", "Merge"), ("over", "Merge"),
     ("fit", "FitCoDeF"), ("write", "WriteSequence"), ("cv", "CanonicalView"), ("dot", "Dot"),
     ("rotopaint", "Paint"), ("of", "OpticalFlow"), ("reroute", "Dot"), ("sticky", "Backdrop")],
)  # fmt: skip
def test_what_artists_type_finds_what_they_mean(typed: str, first: str) -> None:
    found = ranked(typed, candidates(Document()), [])
    assert found[0].type == first, [cls.type for cls in found]


def test_letters_must_come_in_order() -> None:
    assert score("egrem", "Merge") is None
    assert score("", "Merge") == 0.0
    assert score("mrg", "Merge") is not None
    assert best_of("x", ["Merge", "Over"]) is None


def test_recent_ones_break_ties_only() -> None:
    classes = candidates(Document())
    assert ranked("", classes, ["Switch", "Dot"])[:2] == [
        next(cls for cls in classes if cls.type == kind) for kind in ("Switch", "Dot")
    ]
    assert ranked("merge", classes, ["Switch"])[0].type == "Merge"


def test_the_alias_that_was_found_is_named() -> None:
    load = next(cls for cls in candidates(Document()) if cls.type == "LoadSequence")
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
