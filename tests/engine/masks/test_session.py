"""A rough mask of one frame goes through the shot."""

import threading

import numpy as np
import pytest

from engine.arrays import F32
from engine.errors import Cancelled, MaskError, MissingFrameError, UsageError
from engine.masks.rough import Rough, Scribble
from engine.masks.session import Carried, Session
from engine.metrics.segmentation import region
from engine.progress import Progress, Task
from tests.engine.masks.scene import box, noise, shot

FRAMES, TRUTH = shot()
NUMBERS = tuple(range(101, 101 + len(FRAMES)))


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(lambda frame: FRAMES[frame - 101], NUMBERS, Task())


@pytest.fixture(scope="module")
def carried(session: Session) -> Carried:
    return session.run({101: Rough(box(TRUTH[0]))}, Task())


def scores(answer: Carried) -> list[float]:
    return [
        region(truth, answer.mask(frame) > 127) for frame, truth in zip(NUMBERS, TRUTH, strict=True)
    ]


def test_a_rectangle_finds_the_object_in_every_frame(carried: Carried) -> None:
    assert min(scores(carried)) > 0.85
    assert carried.mask(101).shape == FRAMES[0].shape[:2]


def test_a_rectangle_in_the_middle_goes_both_ways(session: Session) -> None:
    answer = session.run({106: Rough(box(TRUTH[5]))}, Task())
    assert min(scores(answer)) > 0.85


def test_scribbles_are_enough(session: Session) -> None:
    lines = (
        Scribble(((35.0, 45.0), (50.0, 48.0), (66.0, 52.0)), True, 3),
        Scribble(((10.0, 15.0), (95.0, 15.0), (100.0, 85.0), (12.0, 85.0), (10, 20)), False, 3),
    )
    answer = session.run({101: Rough(scribbles=lines)}, Task())
    assert np.mean(scores(answer)) > 0.85


def test_what_lies_beyond_a_scribble_around_it_is_background_from_the_first_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = Session(lambda frame: FRAMES[frame - 101], NUMBERS, Task())
    told: list[F32] = []
    look = session._shot.look

    def watched(first: int, behind: F32, task: Task) -> None:
        told.append(behind)
        look(first, behind, task)

    monkeypatch.setattr(session._shot, "look", watched)
    lines = (
        Scribble(((35.0, 45.0), (50.0, 48.0), (66.0, 52.0)), True, 3),
        Scribble(((10, 15), (95, 15), (95, 85), (10, 85), (10, 15)), False, 3),
    )
    session.run({101: Rough(scribbles=lines)}, Task())
    (behind,) = told
    height, width = behind.shape
    assert behind[:, int(0.7 * width) :].all()
    assert not behind[height // 2, int(0.2 * width) : int(0.5 * width)].any()


def test_an_exact_mask_is_kept_as_it_is(session: Session) -> None:
    mask = (TRUTH[0] * 255).astype(np.uint8)
    answer = session.run({101: Rough(mask=mask, exact=True)}, Task())
    assert region(TRUTH[0], answer.mask(101) > 127) > 0.95
    assert min(scores(answer)) > 0.88


def test_the_result_is_soft_at_the_edge_and_decided_elsewhere(carried: Carried) -> None:
    mask = carried.mask(105)
    soft = (mask > 10) & (mask < 245)
    assert 0.01 < soft.mean() < 0.1


def test_a_correction_raises_its_frame_and_leaves_what_was_said_alone(
    session: Session, carried: Carried
) -> None:
    spoiled = session.run({101: Rough((24.0, 28.0, 50.0, 70.0))}, Task())
    before = scores(spoiled)
    frame = NUMBERS[int(np.argmin(before))]
    place = NUMBERS.index(frame)
    rows, columns = np.nonzero(TRUTH[place])
    middle = float(rows.mean()) + 0.5
    line = Scribble(
        ((float(columns.min()) + 6, middle), (float(columns.max()) - 6, middle)), True, 3
    )
    mended = session.run({**spoiled.spoken, frame: Rough(scribbles=(line,))}, Task(), spoiled)
    after = scores(mended)
    assert after[place] > before[place]
    assert np.mean(after) > np.mean(before)
    assert mended.confidence[place] > 0.9


def test_a_correction_between_two_told_frames_changes_nothing_beyond_them(
    session: Session, carried: Carried
) -> None:
    told = Rough(mask=(TRUTH[5] * 255).astype(np.uint8), exact=True)
    two = session.run({**carried.spoken, 106: told}, Task(), carried)
    line = Scribble(((48.0, 40.0), (60.0, 40.0)), False, 3)
    three = session.run({**two.spoken, 104: Rough(scribbles=(line,))}, Task(), two)
    for frame in (101, *range(106, 113)):
        assert np.array_equal(three.mask(frame), two.mask(frame))
    assert not np.array_equal(three.mask(104), two.mask(104))


def test_the_same_again_gives_the_same(session: Session, carried: Carried) -> None:
    again = session.run(carried.spoken, Task())
    assert again.masks == carried.masks


def test_confidence_falls_with_the_distance_and_names_the_worst(carried: Carried) -> None:
    assert carried.confidence.shape == (len(NUMBERS),)
    assert carried.confidence[0] == carried.confidence.max()
    assert ((carried.confidence > 0) & (carried.confidence <= 1)).all()
    assert carried.worst == NUMBERS[int(np.argmin(carried.confidence))]


def test_it_can_be_cancelled_on_the_way(session: Session) -> None:
    stop = threading.Event()

    def listen(progress: Progress) -> None:
        if progress.fraction > 0.5:
            stop.set()

    with pytest.raises(Cancelled):
        session.run({103: Rough(box(TRUTH[2]))}, Task(listen, stop))


def test_progress_never_falls(session: Session) -> None:
    seen: list[float] = []
    session.run({101: Rough(box(TRUTH[0]))}, Task(lambda p: seen.append(p.fraction)))
    assert len(seen) > 20
    assert seen[-1] <= 1


def test_what_cannot_be_is_said(session: Session) -> None:
    with pytest.raises(UsageError, match="draw a rectangle"):
        session.run({}, Task())
    with pytest.raises(MissingFrameError, match="101 to 112"):
        session.run({7: Rough((1, 1, 9, 9))}, Task())
    with pytest.raises(MaskError, match="frame's size"):
        session.run({101: Rough(mask=np.full((5, 5), 255, np.uint8))}, Task())
    with pytest.raises(UsageError, match="range"):
        Session(lambda frame: FRAMES[0], (), Task())


def test_a_scribble_inside_a_rectangle_takes_nothing_away(session: Session) -> None:
    """Over what was found already it says nothing new."""
    plain = session.run({101: Rough(box(TRUTH[0]))}, Task())
    lines = (Scribble(((44.0, 48.0), (56.0, 48.0)), True, 3),)
    marked = session.run({101: Rough(box(TRUTH[0]), lines)}, Task())
    before, after = (answer.mask(101) > 127 for answer in (plain, marked))
    assert after.sum() > 0.97 * before.sum()
    assert region(TRUTH[0], after) > region(TRUTH[0], before) - 0.02


def test_a_scribble_over_what_was_missed_brings_it_back() -> None:
    """A tower that stands in the ground: no motion tells it apart, and its windows are of another
    colour than its walls."""
    rng = np.random.default_rng(5)
    world = noise(rng, 120, 260, 60, 130)
    world[20:110, 100:150] = noise(rng, 90, 50, 40, 90)
    world[28:104:12, 106:146] = (200, 190, 120)
    frames = [np.ascontiguousarray(world[:, 20 + 4 * t : 180 + 4 * t]) for t in range(6)]
    truth = np.zeros((120, 160), np.bool_)
    truth[20:110, 80:130] = True
    tower = Session(lambda frame: frames[frame], range(6), Task())
    rectangle = box(truth, 3)
    line = (Scribble(((105.0, 34.0), (105.0, 98.0)), True, 3),)
    plain = tower.run({0: Rough(rectangle)}, Task())
    marked = tower.run({0: Rough(rectangle, line)}, Task())
    before, after = (region(truth, answer.mask(0) > 127) for answer in (plain, marked))
    assert after > 0.8
    assert after > before - 0.02


def test_confidence_falls_where_the_mask_cannot_decide(session: Session, carried: Carried) -> None:
    """The same shot with the object nearly as its ground: less is told, less is trusted."""
    pale = [
        np.asarray(np.rint(110 + 0.12 * (frame.astype(np.float32) - 110)), np.uint8)
        for frame in FRAMES
    ]
    faint = Session(lambda frame: pale[frame - 101], NUMBERS, Task())
    answer = faint.run({101: Rough(box(TRUTH[0]))}, Task())
    assert np.mean(scores(answer)) < np.mean(scores(carried))
    assert answer.confidence[1:].mean() < carried.confidence[1:].mean()
