"""A project that is copied keeps its fit; a frame that is edited in place is noticed."""

import shutil
from pathlib import Path

from codef_nodes.graph.commands import SetKnob
from codef_nodes.graph.serialise import save
from codef_nodes.graph.session import Session
from tests.codef_nodes.worker.jobkit import make_clip, shot_graph


def fit_state(document: Path) -> str:
    session = Session()
    session.open(document)
    return next(block["fit"] for block in session.nodes() if block["name"] == "Fit")


def test_a_copied_project_stays_fitted_and_an_edited_frame_makes_it_stale(tmp_path: Path) -> None:
    home = tmp_path / "show"
    home.mkdir()
    make_clip(home / "clip")
    graph = shot_graph(home, steps=1)
    for node, knob in (("Load", "file"), ("Write", "file")):
        value = Path(graph.knob_value(node, knob))
        if value.is_absolute():
            SetKnob(node, knob, value.relative_to(home).as_posix()).run(graph)
    save(graph, home / "shot.codef")
    session = Session()
    session.open(home / "shot.codef")
    session.refit("Fit")
    assert fit_state(home / "shot.codef") == "fitted"
    # As ``cp -r`` does: other folder, other times.
    shutil.copytree(home, tmp_path / "copy", copy_function=shutil.copyfile)
    home.rename(tmp_path / "gone")
    copy = tmp_path / "copy"
    assert fit_state(copy / "shot.codef") == "fitted"
    frames = sorted((copy / "clip").iterdir())
    shutil.copyfile(frames[0], frames[3])
    assert fit_state(copy / "shot.codef") == "stale"
