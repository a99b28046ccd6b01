"""The session: what command line, editor and hosts will ask the worker."""

import json
import os
import threading
import time

import pytest

from codef_nodes.graph.cache import Cache, RamCache
from codef_nodes.graph.commands import SetLabel
from codef_nodes.graph.safewrite import write_safely
from codef_nodes.graph.serialise import load, save
from codef_nodes.graph.session import Session
from engine.errors import Cancelled, InputError, UsageError
from tests.codef_nodes.graph.small_nodes import REGISTRY, RELEASE, STARTED, build, fit_graph


@pytest.fixture
def opened(tmp_path):
    path = tmp_path / "shot.codef"
    save(fit_graph(), path)
    made = Session(cache=Cache(RamCache(64 << 20)), registry=REGISTRY)
    assert made.open(path) == []
    return made


def test_everything_that_is_answered_is_plain_json(opened):
    summaries = opened.render()
    text = json.dumps([summaries, opened.nodes(), opened.status(), opened.frames("Out")])
    assert json.loads(text)[0][0]["node"] == "Out"
    assert opened.frames("Out") == [1, 2, 3, 4, 5] and opened.frames("View") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Grade.gain", "NODE.KNOB=VALUE"),
        ("Grade=3", "NODE.KNOB=VALUE"),
        ("Grade.gian=3", "did you mean gain"),
        ("Graed.gain=3", "did you mean Grade"),
        ("Grade.gain=lots", "a number from 0 to 10"),
        ("Grade.gain=11", "a number from 0 to 10"),
    ],
)
def test_wrong_assignments_are_refused_with_a_hint(opened, text, says):
    with pytest.raises(UsageError, match=says) as caught:
        opened.set_text(text)
    assert caught.value.code == 2 and not opened.status()["modified"]


def test_cancel_from_another_thread_stops_the_render_and_the_next_one_works(tmp_path):
    STARTED.clear(), RELEASE.clear()
    opened = Session(cache=Cache(RamCache(1 << 20)), registry=REGISTRY)
    opened.new(build(("Slow", "Long", {}, {})))
    caught = []

    def work():
        try:
            opened.render("Long")
        except Cancelled as stopped:
            caught.append(stopped)

    thread = threading.Thread(target=work)
    thread.start()
    assert STARTED.wait(10)
    opened.cancel()
    thread.join(10)
    assert len(caught) == 1
    RELEASE.set()
    assert opened.render("Long")[0]["frames"] == [1]


def test_a_fit_that_is_noted_in_the_file_leaves_nothing_to_save(opened):
    opened.render(frames=[1])
    assert not opened.status()["modified"]
    opened.do(SetLabel("Grade", "x"))
    assert opened.status()["modified"]
    opened.save()
    assert not opened.status()["modified"]
    assert load(opened.path, REGISTRY).state("Grade").label == "x"


def test_read_only_document_still_renders_and_says_what_was_not_noted(opened):
    opened.path.chmod(0o444)
    opened.render(frames=[1])
    assert any("could not be noted" in note for note in opened.notes)
    again = Session(cache=Cache(RamCache(1 << 20)), registry=REGISTRY)
    again.open(opened.path)
    again.render(frames=[1])
    assert again.status()["computes"].get("Fit", 0) == 0
    opened.path.chmod(0o644)


def test_unknown_node_to_render_and_absent_document_are_errors(opened, tmp_path):
    with pytest.raises(UsageError, match="no node 'Otu'"):
        opened.render("Otu")
    with pytest.raises(InputError):
        opened.open(tmp_path / "absent.codef")
    assert "Out" in opened.document, "a failed open keeps what was open"


def test_save_as_keeps_the_fits_in_reach(opened, tmp_path):
    opened.render(frames=[1])
    (tmp_path / "other").mkdir()
    opened.save(tmp_path / "other" / "next.codef")
    assert opened.document.state("Fit").field["path"] == "../shot_Fit_fit_v001"
    assert opened.nodes()[1]["fit"] == "fitted"


def test_what_killed_processes_left_is_removed_by_the_next(opened, tmp_path):
    part, fresh = tmp_path / ".shot.codef.dead.part", tmp_path / ".shot.codef.live.part"
    folder = tmp_path / ".shot_Fit_fit_vdead.part"
    folder.mkdir()
    (folder / "field.json").write_text("{")
    for path in (part, fresh):
        path.write_text("{")
    for path in (part, folder):
        os.utime(path, (time.time() - 7200,) * 2)
    opened.render(frames=[1])
    write_safely(opened.path, opened.path.read_bytes())
    assert [part.exists(), folder.exists(), fresh.exists()] == [False, False, True]
