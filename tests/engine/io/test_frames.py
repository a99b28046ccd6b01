import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.io.frames import describe_gaps, format_frames, missing_frames, parse_frames


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("3", (3,)),
        ("-3", (-3,)),
        ("1 3 4 8", (1, 3, 4, 8)),
        ("1,3, 4\t8", (1, 3, 4, 8)),
        ("1-10", tuple(range(1, 11))),
        ("-3-4", tuple(range(-3, 5))),
        ("-8--5", (-8, -7, -6, -5)),
        ("1-9x2", (1, 3, 5, 7, 9)),
        ("1-100x2", tuple(range(1, 101, 2))),
        ("1-10x4", (1, 5, 9)),
        ("5-1", (1, 2, 3, 4, 5)),
        ("4 4 1-3 2", (1, 2, 3, 4)),
        ("0007", (7,)),
    ],
)
def test_ranges_are_read_as_artists_type_them(text, frames):
    assert parse_frames(text) == frames


@pytest.mark.parametrize(
    "text", ["", "  ", "a", "1-", "1..4", "1-10x0", "1-10x-2", "--3", "1x2", "1.5", "1-2-3", "-"]
)
def test_what_is_no_range_is_refused_in_a_sentence(text):
    with pytest.raises(UsageError) as told:
        parse_frames(text)
    assert str(told.value).endswith(".") and "\n" not in str(told.value)


def test_the_bad_piece_is_quoted():
    with pytest.raises(UsageError, match='"12-x"'):
        parse_frames("1-5 12-x 7")


@pytest.mark.parametrize("text", ["1-1000001", "1-900000 1-900000", "1-999999999"])
def test_absurd_sizes_are_refused_without_being_built(text):
    with pytest.raises(UsageError, match="1000000"):
        parse_frames(text)


def test_a_million_frames_are_allowed():
    assert len(parse_frames("1-1000000")) == 1_000_000


@given(st.sets(st.integers(-2000, 2000), min_size=1, max_size=80))
def test_what_is_formatted_reads_back_the_same(frames):
    assert parse_frames(format_frames(frames)) == tuple(sorted(frames))


@given(st.integers(-500, 500), st.integers(1, 400), st.integers(1, 9))
def test_one_even_run_is_one_piece(first, count, step):
    frames = range(first, first + count * step, step)
    text = format_frames(frames)
    assert parse_frames(text) == tuple(frames)
    assert " " not in text or (count == 2 and step > 1)


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        ((), ""),
        ((5,), "5"),
        ((1, 2), "1-2"),
        ((*range(1001, 1097), 1098), "1001-1096 1098"),
        (range(1, 100, 2), "1-99x2"),
        ((1, 5), "1 5"),
        ((1, 3, 5, 6, 7, 8), "1 3 5-8"),
        ((-8, -7, -6), "-8--6"),
    ],
)
def test_the_form_is_the_short_natural_one(frames, text):
    assert format_frames(frames) == text


def test_gaps_are_told_for_a_person():
    frames = [frame for frame in range(1001, 1097) if frame != 1044]
    assert describe_gaps(frames) == "1001-1096, missing 1044"
    assert describe_gaps([7]) == "7"
    assert describe_gaps([]) == "no frames"


@given(st.sets(st.integers(-300, 300), min_size=1))
def test_present_and_missing_frames_fill_the_span(frames):
    absent = set(missing_frames(frames))
    assert absent | frames == set(range(min(frames), max(frames) + 1))
    assert not absent & frames
