"""Sums in number fields."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from gui.properties.arithmetic import evaluate


@pytest.mark.parametrize(
    ("text", "value", "result"),
    [
        ("12", None, 12),
        (" -3.5 ", None, -3.5),
        (".5", None, 0.5),
        ("1e-3", None, 0.001),
        ("2,5", None, 2.5),
        ("1+2*3", None, 7),
        ("(1+2)*3", None, 9),
        ("1920/2-10", None, 950),
        ("10-4-3", None, 3),
        ("--2", None, 2),
        ("2*-3", None, -6),
        ("value+1", 4, 5),
        ("value*value", 3, 9),
        ("*2", 21, 42),
        ("/4", 10, 2.5),
        ("+=5", 1, 6),
        ("-=2*2", 10, 6),
        ("*=1+1", 3, 6),
        ("-5", 100, -5),
    ],
)
def test_a_sum_gives_its_number(text: str, value: float | None, result: float) -> None:
    assert evaluate(text, value) == pytest.approx(result)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "two",
        "1+",
        "(1",
        "1)",
        "2**3",
        "__import__",
        "value.real",
        "1/0",
        "1 2",
        "1e999",
        "()",
        "(" * 60 + "1" + ")" * 60,
    ],
)
def test_what_is_no_sum_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        evaluate(text, 1.0)
    assert "\n" not in caught.value.message and "type" in caught.value.message


def test_value_means_nothing_in_an_empty_field() -> None:
    with pytest.raises(UsageError, match="empty"):
        evaluate("value+1", None)


@given(st.recursive(
    st.floats(-1e6, 1e6).map(lambda number: (repr(number), number)),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(
        lambda each: (
            f"({each[0][0]}{each[1]}{each[2][0]})",
            {"+": each[0][1] + each[2][1], "-": each[0][1] - each[2][1],
             "*": each[0][1] * each[2][1]}[each[1]],
        )
    ),
    max_leaves=8,
))  # fmt: skip
def test_nested_sums_agree_with_python(made: tuple[str, float]) -> None:
    text, wanted = made
    if math.isfinite(wanted):
        assert evaluate(text) == pytest.approx(wanted, rel=1e-9, abs=1e-9)
