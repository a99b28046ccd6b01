"""While a fit goes on its drafts are what viewers, painting and Propagate work on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codef_nodes.graph.commands import EditStrokes
from gui.core.editor import Editor
from gui.jobs.queue import queue_of
from tests.codef_nodes.worker.jobkit import make_clip, shot_graph
from tests.gui.helpers import wait_for


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: what a worker loads at first takes longer than most of them."""
    return kept_editor


@pytest.fixture
def shot(working_editor: Editor, tmp_path: Path) -> Editor:
    """The shot with a fit that goes on until it is stopped."""
    make_clip(tmp_path / "clip")
    working_editor.project.use(shot_graph(tmp_path, steps=100000), tmp_path / "shot.codef")
    return working_editor


def view(editor: Editor, node: str, frame: int | None) -> tuple[dict[str, Any], np.ndarray]:
    """A picture of the view worker and the answer that it came with."""
    args = {"node": node, "frame": frame, "slot": "test", "region": None, "scale": 1}
    told: list[Any] = []
    while not told or getattr(told[0], "cancelled", False):  # by a newer draft: asked again
        told.clear()
        editor.workers.view.request("view", args, told.append, told.append)
        wait_for(lambda: told, 30)
    assert isinstance(told[0], dict), told[0]
    return told[0], editor.workers.view.open_picture(told[0]["picture"]).copy()


def test_paint_goes_into_frames_while_the_fit_goes_on_and_stays_when_it_is_done(shot, tmp_path):
    queue = queue_of(shot)
    fit = queue.fit("Fit")
    bumped: list[bool] = []
    shot.viewing.revisions.bumped.connect(lambda: bumped.append(True))
    wait_for(lambda: fit.draft, 40)
    assert bumped
    stroke = {"kind": "brush", "points": [[50, 36, 1]], "size": 20, "colour": [1, 0, 0]}
    shot.project.do(EditStrokes("Paint", add=[stroke]))
    first, still = view(shot, "Still", None)
    assert still.shape[2] == 4 and (still[..., 3] > 0).mean() > 0.5
    _, plate = view(shot, "Load", 1002)
    _, frame = view(shot, "Carry", 1002)
    painted = (frame[..., :3] != plate[..., :3]).any(axis=2)
    assert 100 < painted.sum() < painted.size / 4 and not fit.over
    early = fit.draft
    wait_for(lambda: fit.draft != early, 40)
    later, _ = view(shot, "Still", None)
    assert later["key"] != first["key"]
    queue.stop(fit)
    wait_for(lambda: fit.over, 40)
    assert fit.state == "done", fit.error
    done, _ = view(shot, "Still", None)
    assert done["key"] not in (first["key"], later["key"])
    status: list[dict[str, Any]] = []
    shot.workers.view.request("status", {}, status.append)
    wait_for(lambda: status)
    assert status[0]["drafts"] == {}
    _, final = view(shot, "Carry", 1002)
    again = (final[..., :3] != plate[..., :3]).any(axis=2)
    both = (painted & again).sum() / (painted | again).sum()
    assert both > 0.8  # the stroke stays where it was painted


def test_a_cancelled_fit_takes_its_draft_with_it(shot):
    queue = queue_of(shot)
    fit = queue.fit("Fit")
    wait_for(lambda: fit.draft, 40)
    view(shot, "Still", None)
    queue.cancel(fit)
    wait_for(lambda: fit.over, 20)
    told: list[Any] = []
    args = {"node": "Still", "frame": None, "slot": "test", "region": None, "scale": 1}
    shot.workers.view.request("view", args, told.append, told.append)
    wait_for(lambda: told, 20)
    assert "not fitted" in str(told[0])
