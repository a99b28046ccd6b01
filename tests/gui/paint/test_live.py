"""What is sent while a stroke is drawn."""

from collections.abc import Callable
from typing import Any

from gui.paint.drawing import DrawnStroke
from gui.paint.live import LiveStroke


class Line:
    """A worker's link whose answers the test gives by hand."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self._waiting: list[tuple[Any, Any, Any]] = []

    def request(
        self,
        verb: str,
        args: dict[str, Any],
        done: Callable[[dict[str, Any]], None] | None = None,
        failed: Callable[[Any], None] | None = None,
        event: Callable[[str, dict[str, Any]], None] | None = None,
    ) -> None:
        self.sent.append((verb, args))
        self._waiting.append((done, failed, event))

    def answer(self, **content: Any) -> None:
        done, *_ = self._waiting.pop(0)
        if done is not None:
            done(content)

    def answer_last(self, **content: Any) -> None:
        done, *_ = self._waiting.pop()
        if done is not None:
            done(content)

    def tell(self, name: str, **content: Any) -> None:
        *_, event = self._waiting[0]
        if event is not None:
            event(name, content)

    def fail(self, message: str) -> None:
        _, failed, _ = self._waiting.pop(0)
        if failed is not None:
            failed(RuntimeError(message))

    @property
    def verbs(self) -> list[str]:
        return [verb.removeprefix("paint.") for verb, _ in self.sent]


class Stroke:
    """A stroke on its way and what the window heard of it."""

    def __init__(self) -> None:
        self.line, self.drawn = Line(), DrawnStroke({"kind": "brush"})
        self.painted: list[dict[str, Any]] = []
        self.followed: list[dict[str, Any]] = []
        self.failures: list[str] = []
        heard = self.painted.append, self.followed.append, self.failures.append
        self.live = LiveStroke(self.line, self.drawn, {}, *heard)

    def draw(self, *xs: float) -> None:
        for x in xs:
            self.drawn.add(x, 0.0)
            self.live.more()

    def points(self) -> list[list[float]]:
        return [
            [point[0] for point in args["points"]]
            for verb, args in self.line.sent
            if verb == "paint.extend"
        ]


def test_one_message_is_under_way_and_the_newest_points_wait_together() -> None:
    stroke = Stroke()
    stroke.draw(1, 2, 3)
    assert stroke.line.verbs == ["begin"]
    stroke.line.answer(session=7)
    stroke.draw(4, 5, 6)
    assert stroke.points() == [[1, 2, 3]]
    stroke.line.answer(box=[0, 0, 1, 1])
    stroke.draw(7)
    assert stroke.points() == [[1, 2, 3], [4, 5, 6]]
    assert all(args["session"] == 7 for verb, args in stroke.line.sent[1:])
    stroke.line.answer(box=[0, 0, 1, 1])
    assert stroke.points()[-1] == [7]


def test_the_rest_and_the_end_follow_at_once_when_the_pen_goes_up() -> None:
    stroke = Stroke()
    stroke.draw(1)
    stroke.line.answer(session=1)
    stroke.draw(2, 3)
    stroke.live.end()
    assert stroke.line.verbs == ["begin", "extend", "extend", "end"]
    assert stroke.points() == [[1], [2, 3]]
    stroke.line.answer(box=[])
    stroke.line.answer(box=[])
    stroke.line.tell("painted", box="healed")
    stroke.line.answer(box="seen")
    assert stroke.painted == [{"box": "healed"}], "what comes after the pen went up is shown"
    assert stroke.followed == [{"box": "seen"}]


def test_what_is_painted_on_waits_for_no_frame() -> None:
    stroke = Stroke()
    stroke.draw(1)
    stroke.line.answer(session=1)
    stroke.line.tell("painted", box="canonical")
    stroke.line.tell("progress", fraction=0.5)
    assert stroke.painted == [{"box": "canonical"}]
    stroke.line.answer(late=True)
    stroke.draw(2)
    stroke.draw(3)
    assert stroke.line.verbs == ["begin", "extend", "follow", "extend"]
    stroke.line.answer_last(late=True)
    assert stroke.points() == [[1], [2], [3]], "the frame is still being drawn"
    assert stroke.line.verbs.count("follow") == 1, "one is asked for at a time"
    stroke.line.answer(box="seen")
    assert stroke.followed == [{"box": "seen"}]
    assert stroke.line.verbs.count("follow") == 2, "it was behind again"
    stroke.line.answer(late=False)
    stroke.line.answer(box="seen later")
    assert stroke.followed[1:] == [{"box": "seen later"}]
    assert stroke.line.verbs.count("follow") == 2


def test_a_frame_that_cannot_follow_is_told_and_the_stroke_goes_on() -> None:
    stroke = Stroke()
    stroke.draw(1)
    stroke.line.answer(session=1)
    stroke.line.answer(late=True)
    stroke.line.fail("the frame is gone")
    stroke.draw(2)
    assert stroke.points() == [[1], [2]]
    assert stroke.failures == ["the frame is gone"]


def test_a_stroke_that_ends_before_the_worker_answers_is_sent_whole() -> None:
    stroke = Stroke()
    stroke.draw(1, 2)
    stroke.live.end()
    assert stroke.line.verbs == ["begin"]
    stroke.line.answer(session=1)
    assert stroke.line.verbs == ["begin", "extend", "end"]
    assert stroke.points() == [[1, 2]]


def test_an_abort_asks_for_the_pixels_back_and_shows_no_later_ones() -> None:
    stroke = Stroke()
    stroke.draw(1)
    stroke.line.answer(session=1)
    stroke.live.abort()
    assert stroke.line.verbs == ["begin", "extend", "abort"]
    stroke.line.tell("painted", box="drawn")
    stroke.line.answer(box="seen")
    assert stroke.painted == stroke.followed == []
    stroke.line.tell("painted", box="restored")
    stroke.line.answer(box="seen before")
    assert stroke.painted == [{"box": "restored"}]
    assert stroke.followed == [{"box": "seen before"}]


def test_a_worker_that_refuses_is_told_once_and_asked_no_more() -> None:
    stroke = Stroke()
    stroke.draw(1)
    stroke.line.fail("no such node")
    stroke.draw(2, 3)
    stroke.live.end()
    assert stroke.line.verbs == ["begin"]
    assert stroke.failures == ["no such node"]
    assert len(stroke.drawn.points) == 3


def test_points_that_say_nothing_new_are_left_out() -> None:
    drawn = DrawnStroke({})
    assert drawn.add(1, 1, 0.5)
    assert not drawn.add(1.05, 1.0, 0.5)
    assert drawn.add(1.05, 1.0, 0.6), "another pressure is new"
    assert not drawn.add(float("nan"), 1.0)
    assert drawn.add(9, 9, 7.0)
    assert drawn.points[-1] == [9, 9, 1.0]
