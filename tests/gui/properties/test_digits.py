"""The digit at the caret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.properties.digits import stepped, written


@pytest.mark.parametrize(
    ("text", "caret", "up", "result"),
    [
        ("12.50", 5, True, ("12.51", 5)),
        ("12.50", 4, True, ("12.60", 4)),
        ("12.50", 3, True, ("13.50", 2)),
        ("12.50", 2, True, ("13.50", 2)),
        ("12.50", 1, False, ("02.50", 1)),
        ("9", 1, True, ("10", 2)),
        ("10", 2, False, ("9", 1)),
        ("0", 1, False, ("-1", 2)),
        ("-1", 2, True, ("0", 1)),
        ("1.9", 3, True, ("2.0", 3)),
        ("", 0, True, ("1", 1)),
        ("99", 1, True, ("109", 2)),
    ],
)
def test_the_digit_left_of_the_caret_changes(
    text: str, caret: int, up: bool, result: tuple[str, int]
) -> None:
    assert stepped(text, caret, up) == result


def test_a_whole_number_has_no_fraction_to_step() -> None:
    assert stepped("5", 1, True, whole=True) == ("6", 1)


def test_a_sum_is_left_alone() -> None:
    assert stepped("1+2", 3, True) is None


@given(st.integers(-99999, 99999), st.integers(0, 8), st.integers(1, 3))
def test_up_then_down_is_the_same_number(number: int, caret: int, decimals: int) -> None:
    text = f"{number / 10**decimals:.{decimals}f}"
    there = stepped(text, min(caret, len(text)), True)
    assert there is not None
    back = stepped(*there, False)
    assert back is not None
    assert float(back[0]) == pytest.approx(float(text), abs=1e-9)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (3, "3"),
        (3.0, "3"),
        (0.1, "0.1"),
        (-0.0, "0"),
        (1e-5, "0.00001"),
        (1e20, "1e+20"),
    ],
)
def test_numbers_are_written_for_people(value: float | None, text: str) -> None:
    assert written(value) == text
