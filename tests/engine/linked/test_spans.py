"""Which frames each segment holds."""

import pytest

from engine.errors import UsageError
from engine.linked.fit import plan_segments
from engine.linked.spans import LEAST, OVERLAP, Split, asked_split, grown, spans_of

FRAMES = tuple(range(1001, 1101))


def test_segments_share_frames_around_each_split():
    first, second = spans_of(FRAMES, (1041,))
    assert (first[0], second[-1]) == (1001, 1100)
    shared = sorted(set(first) & set(second))
    assert len(shared) == OVERLAP
    assert shared[0] < 1041 < shared[-1]
    assert sorted({*first, *second}) == list(FRAMES)


def test_short_segments_share_no_more_than_half_of_what_they_have():
    spans = spans_of(FRAMES[:20], (1009, 1013))
    assert set(spans[0]) & set(spans[1]) and set(spans[1]) & set(spans[2])
    assert not set(spans[0]) & set(spans[2])


def test_no_split_is_one_segment_and_auto_is_left_to_a_proposal():
    assert spans_of(FRAMES, asked_split("none", FRAMES).starts) == [FRAMES]
    assert asked_split("auto", FRAMES) is None


@pytest.mark.parametrize("text", ["soon", "1001", "1101", f"{1001 + LEAST - 1}", "1050,1051"])
def test_a_split_that_cannot_be_is_refused(text):
    with pytest.raises(UsageError):
        asked_split(text, FRAMES)


def test_a_split_in_a_gap_begins_with_the_next_frame():
    frames = (*range(1, 20), *range(30, 50))
    assert asked_split("25", frames).starts == (30,)


def test_a_longer_range_has_new_frames_on_either_side_and_shares_some():
    there = [FRAMES[20:60]]
    earlier, later = grown(there, FRAMES)
    assert earlier[0] == 1001 and later[-1] == 1100
    assert len(set(earlier) & set(there[0])) == OVERLAP == len(set(later) & set(there[0]))


def test_another_range_keeps_nothing():
    assert grown([FRAMES], FRAMES) is None, "nothing is new"
    assert grown([FRAMES[:50]], FRAMES[10:]) is None, "it is no part of the range"
    assert grown([FRAMES[:50]], (*FRAMES[:40], *FRAMES[45:])) is None, "a frame is left out"


def test_what_is_there_stays_and_only_the_rest_is_divided(tmp_path):
    there = {FRAMES[:60]: tmp_path}
    asked = []

    def propose(frames):
        asked.append(frames)
        return Split((frames[30],), ("because",))

    plan = plan_segments(FRAMES, there, None, propose)
    assert plan.spans[0] == FRAMES[:60] and plan.there == {0: tmp_path}
    assert len(plan.spans) == 3 and plan.spans[-1][-1] == 1100
    assert [frames[0] for frames in asked] == [FRAMES[60 - OVERLAP]]
    assert any("1001-1060" in said for said in plan.sentences())


def test_a_moved_split_keeps_the_segments_that_it_leaves(tmp_path):
    spans = spans_of(FRAMES, (1031, 1071))
    there = {span: tmp_path / str(n) for n, span in enumerate(spans)}
    moved = plan_segments(FRAMES, there, asked_split("1031,1081", FRAMES), None)
    assert moved.there == {0: tmp_path / "0"}


def test_asking_again_for_just_what_is_there_fits_it_again(tmp_path):
    plan = plan_segments(FRAMES, {FRAMES: tmp_path}, Split(), None)
    assert plan.single and not plan.there
