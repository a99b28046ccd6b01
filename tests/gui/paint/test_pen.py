"""One stroke from one stream, as recorded from mice and tablets."""

from gui.paint.pen import PenFilter, Sample


def run(*events: tuple[str, str, float, int]) -> list[str]:
    """Feeds (device, phase, x, ms) and says what came through; device "qt" is synthesised."""
    made = PenFilter()
    out = []
    for device, phase, x, time in events:
        sample = Sample(phase, device == "pen", x, 10.0, time, synthesised=device == "qt")
        for result in made.feed(sample):
            out.append(
                "forget" if result is None else f"{'pen' if result.pen else 'mouse'} {phase}"
            )
    return out


def test_a_mouse_stream_passes_unchanged() -> None:
    stream = [("mouse", "press", 0, 0), ("mouse", "move", 5, 8), ("mouse", "release", 9, 16)]
    assert run(*stream) == ["mouse press", "mouse move", "mouse release"]


def test_events_that_qt_makes_of_a_pen_are_dropped() -> None:
    stream = [
        ("pen", "press", 0, 0),
        ("qt", "press", 0, 0),
        ("pen", "move", 5, 4),
        ("qt", "move", 5, 4),
        ("pen", "release", 9, 8),
        ("qt", "release", 9, 8),
    ]
    assert run(*stream) == ["pen press", "pen move", "pen release"]


def test_mouse_events_of_the_system_beside_a_pen_are_dropped() -> None:
    """Windows sends its own mouse stream, that nothing marks, a little later than the pen's."""
    stream = [
        ("pen", "press", 0, 0),
        ("mouse", "press", 0.4, 3),
        ("pen", "move", 30, 10),
        ("mouse", "move", 30.3, 14),
        ("pen", "release", 60, 20),
        ("mouse", "move", 60, 22),
        ("mouse", "release", 60, 24),
    ]
    assert run(*stream) == ["pen press", "pen move", "pen release"]


def test_a_late_echo_of_a_whole_tap_draws_nothing() -> None:
    stream = [
        ("pen", "press", 0, 0),
        ("pen", "release", 0, 10),
        ("mouse", "press", 0, 40),
        ("mouse", "release", 0, 60),
    ]
    assert run(*stream) == ["pen press", "pen release"]


def test_an_echo_that_comes_first_is_forgotten_and_the_pen_draws() -> None:
    stream = [
        ("mouse", "press", 0, 0),
        ("pen", "press", 1, 5),
        ("mouse", "move", 20, 9),
        ("pen", "move", 20, 10),
        ("pen", "release", 40, 20),
        ("mouse", "release", 40, 21),
    ]
    assert run(*stream) == ["mouse press", "forget", "pen press", "pen move", "pen release"]


def test_the_mouse_draws_again_soon_after_the_pen() -> None:
    stream = [
        ("pen", "press", 0, 0),
        ("pen", "release", 0, 10),
        ("mouse", "press", 400, 30),
        ("mouse", "move", 410, 40),
        ("mouse", "release", 420, 50),
    ]
    assert run(*stream)[2:] == ["mouse press", "mouse move", "mouse release"]
    later = [("pen", "press", 0, 0), ("pen", "release", 0, 10), ("mouse", "press", 0, 700)]
    assert run(*later)[2:] == ["mouse press"]


def test_a_pen_far_from_a_held_mouse_does_not_break_its_stroke() -> None:
    stream = [
        ("mouse", "press", 0, 0),
        ("pen", "press", 300, 20),
        ("pen", "release", 300, 30),
        ("mouse", "move", 5, 40),
        ("mouse", "release", 9, 50),
    ]
    assert run(*stream) == ["mouse press", "mouse move", "mouse release"]
