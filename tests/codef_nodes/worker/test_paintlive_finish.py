"""While a stroke is drawn the frame shows it as it will be: behind what passes, with grain."""

import cv2
import numpy as np
import pytest

from codef_nodes.__main__ import main
from tests.codef_nodes.cli.tinyclip import write_png
from tests.codef_nodes.worker.jobkit import Heard
from tests.codef_nodes.worker.paintkit import Shot, node
from tests.codef_nodes.worker.paintkit import client as client  # the fixture

WIDTH, HEIGHT, FRAMES = 176, 112, 12
FRAME = 1005
GREEN = {
    "kind": "brush",
    "size": 20.0,
    "colour": [0.05, 0.8, 0.1],
    "hardness": 0.8,
    "name": "green",
}
ACROSS = [[40, 50, 1], [70, 52, 1], [100, 54, 1], [130, 56, 1]]


def pole(frame):
    """Where the pole is in a frame: columns."""
    left = 30 + 9 * (frame - 1001)
    return slice(left, left + 5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A grainy ground that pans behind a thin pole which no mask knows."""
    folder = tmp_path_factory.mktemp("finish")
    random = np.random.default_rng(5)
    noise = random.random((HEIGHT + 40, WIDTH + 60, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3.0)
    ground = 0.3 + 0.4 * (soft - soft.min()) / (soft.max() - soft.min())
    (folder / "clip").mkdir()
    for t in range(FRAMES):
        shot = ground[10 + t : 10 + t + HEIGHT, 12 + 2 * t : 12 + 2 * t + WIDTH].copy()
        shot[:, pole(1001 + t)] = 0.04
        shot += random.standard_normal(shot.shape).astype(np.float32) * 0.025
        codes = np.clip(np.rint(shot * 255), 0, 255).astype(np.uint8)
        write_png(folder / "clip" / f"s.{1001 + t}.png", codes)
    fit = ["fit", str(folder / "clip"), "--steps", "4", "-o", str(folder / "F"), "-q"]
    assert main(fit) == 0
    return folder


def carried(**more):
    """The way back to the frames; softness, which a stroke gets when it is done, left away."""
    wires = {"source": "Clip", "field": "Fit", "edit": ["Paint"], **more.pop("wires", {})}
    return node("Propagate", wires, focus=0.0, **more)


def green(pixels):
    return (pixels[..., 1] > 0.45) & (pixels[..., 0] < 0.3)


def test_the_frame_is_finished_before_the_pen_is_up(client, folder):
    shot = Shot(client, folder, [], Out=carried())
    plate = shot.view("Clip", FRAME)[0]
    _, _, seen = shot.stroke(GREEN, FRAME, points=ACROSS)
    covered = green(seen)
    assert covered[45:60].sum() > 600
    there = (slice(48, 58), slice(pole(FRAME).start + 1, pole(FRAME).stop - 1))
    assert covered[there].mean() < 0.1, "the pole passes in front of the paint"
    np.testing.assert_allclose(seen[there], plate[there], atol=0.06)
    inner = seen[50:56, 100:128, 1]
    assert inner.std() > 0.01, "paint has the plate's grain"
    shot.commit(GREEN, points=ACROSS)
    np.testing.assert_allclose(seen, shot.view("View", FRAME)[0], atol=2e-3)


@pytest.mark.parametrize(
    "knobs",
    [
        {"merge": "difference", "detail": 0.5},
        {"light": 0.5, "regrain": 0.0, "highlight": 0.0, "shade": 0.0},
        {"holdout": False, "mix": 0.6},
    ],
)
def test_knobs_of_the_finish_count_while_a_stroke_is_drawn(client, folder, knobs):
    shot = Shot(client, folder, [], Out=carried(**knobs))
    _, _, seen = shot.stroke(GREEN, FRAME, points=ACROSS)
    shot.commit(GREEN, points=ACROSS)
    wanted = shot.view("View", FRAME)[0]
    # Fine detail is told from what lies around, which the whole frame knows a little better.
    np.testing.assert_allclose(seen, wanted, atol=2e-2 if "detail" in knobs else 2e-3)


def test_a_grade_below_the_paint_stays_a_grade(client, folder):
    shot = Shot(
        client,
        folder,
        [],
        Out=carried(),
        Grade=node("ImageOperation", {"image": "Still"}, grade_multiply=[1.4, 1.0, 0.7]),
        Paint=node("Paint", {"image": "Grade"}, strokes=[]),
    )
    _, _, seen = shot.stroke(GREEN, FRAME, points=ACROSS)
    shot.commit(GREEN, points=ACROSS)
    np.testing.assert_allclose(seen, shot.view("View", FRAME)[0], atol=5e-3)


def test_an_inverted_mask_counts_while_a_stroke_is_drawn(client, folder):
    (folder / "half").mkdir(exist_ok=True)
    half = np.zeros((HEIGHT, WIDTH), np.uint8)
    half[:, : WIDTH // 2] = 255
    for frame in range(1001, 1001 + FRAMES):
        write_png(folder / "half" / f"m.{frame}.png", half)
    shot = Shot(
        client,
        folder,
        [],
        Half=node("LoadSequence", file="half"),
        Out=carried(wires={"mask": "Half"}, invert_mask=True),
    )
    _, _, seen = shot.stroke(GREEN, FRAME, points=ACROSS)
    assert not green(seen)[:, : WIDTH // 2].any() and green(seen)[:, WIDTH // 2 :].any()
    shot.commit(GREEN, points=ACROSS)
    np.testing.assert_allclose(seen, shot.view("View", FRAME)[0], atol=2e-3)


def test_the_brush_waits_for_no_frame(client, folder):
    shot = Shot(client, folder, [], Out=carried())
    view = {"region": None, "scale": 1}
    frame = FRAME + 3
    shown = shot.view("View", frame)
    begun = shot.ask("paint.begin", node="Paint", frame=frame, stroke=GREEN, view=view,
                     follow={"node": "View", "frame": frame, **view})  # fmt: skip
    # The frame is not measured yet: it is asked for, and the stroke goes on.
    followed = []
    for point in ACROSS:
        told = Heard()
        args = {"session": begun["session"], "points": [point]}
        assert client.request("paint.extend", args, event=told).result(60)["late"]
        assert told.of("painted")[0]["picture"] is not None
        if not followed:
            args = {"session": begun["session"]}
            followed.append(client.request("paint.follow", args))
    followed.append(client.request("paint.end", {"session": begun["session"]}))
    for request in followed:
        shot.take(shown, request.result(60)["picture"], 1)
    shot.commit(GREEN, points=ACROSS)
    np.testing.assert_allclose(shown[0], shot.view("View", frame)[0], atol=2e-3)
