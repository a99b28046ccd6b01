"""Finished fits are assets: found again, stale, missing, never refitted in silence."""

import json
import shutil
import threading

import numpy as np
import pytest

from codef_nodes.graph.assets import identity_of
from codef_nodes.graph.cache import Cache, RamCache
from codef_nodes.graph.commands import Disconnect, SetDisabled
from codef_nodes.graph.serialise import load, save
from codef_nodes.graph.session import Session
from engine.errors import Cancelled, InputError, UsageError, WriteError
from tests.codef_nodes.graph.small_nodes import REGISTRY, build, evaluator, fit_graph, set_knob


def session(path, **options):
    opened = Session(cache=Cache(RamCache(64 << 20)), registry=REGISTRY, **options)
    opened.open(path)
    return opened


def state(opened):
    (block,) = [block for block in opened.nodes() if block["name"] == "Fit"]
    return block["fit"]


@pytest.fixture
def shot(tmp_path):
    path = tmp_path / "shot.codef"
    save(fit_graph(), path)
    return path


def test_edit_of_the_still_touches_neither_flow_nor_fit(tmp_path):
    document = fit_graph()
    graph = evaluator(document, tmp_path)
    graph.render("Out")
    first = dict(graph.computes)
    assert first == {"Clip": 5, "Flow": 5, "Fit": 1, "View": 1, "Grade": 1, "Result": 5}
    set_knob(document, "Grade", "gain", 3.0)
    summary = graph.render("Out")
    changed = {name: n - first.get(name, 0) for name, n in graph.computes.items()}
    assert changed == {"Clip": 0, "Flow": 0, "Fit": 0, "View": 0, "Grade": 1, "Result": 5}
    assert summary["frames"] == [1, 2, 3, 4, 5]
    # mean 3 of the clip, three times it, plus the frame
    assert (tmp_path / "out" / "2.txt").read_text() == "14.0"


def test_render_fits_what_was_never_fitted_and_a_new_process_finds_it(shot):
    opened = session(shot)
    assert state(opened) == "none"
    opened.render(frames=[1])
    folder = shot.parent / "shot_Fit_fit_v001"
    assert folder.is_dir() and state(opened) == "fitted"
    again = session(shot)
    assert again.document.state("Fit").field["path"] == "shot_Fit_fit_v001"
    again.render()
    assert again.evaluator.computes["Fit"] == 0
    assert [p.name for p in shot.parent.iterdir() if "fit" in p.name] == [folder.name]


def test_fit_of_a_document_that_was_not_saved_is_found_by_its_key(shot):
    session(shot).render(frames=[1], save_records=False)
    assert load(shot, REGISTRY).state("Fit").field is None
    again = session(shot)
    assert state(again) == "fitted"
    again.render(frames=[1], save_records=False)
    assert again.evaluator.computes["Fit"] == 0
    other = session(shot)
    other.set("Clip", "level", 1.0)
    assert state(other) == "none"


def test_knobs_set_for_one_render_stay_out_of_the_file(shot):
    opened = session(shot)
    opened.set_text("Grade.gain=4")
    opened.render(frames=[1])
    stored = load(shot, REGISTRY)
    assert stored.knob_value("Grade", "gain") == 2.0
    assert stored.state("Fit").field is not None


def test_upstream_change_makes_the_fit_stale_and_keeps_it_until_refitted(shot):
    session(shot).render(frames=[1])
    opened = session(shot)
    opened.set("Clip", "level", 10.0)
    before = opened.evaluator.key("View")
    assert state(opened) == "stale"
    opened.render(frames=[1])
    assert opened.evaluator.computes["Fit"] == 0
    assert any("changed since the fit" in note for note in opened.notes)
    assert float(opened.evaluator.value("View").pixels.mean()) == 3
    folder = opened.refit("Fit")
    assert folder.endswith("shot_Fit_fit_v002")
    assert state(opened) == "fitted"
    assert opened.evaluator.key("View") != before
    assert float(opened.evaluator.value("View").pixels.mean()) == 13
    assert load(shot, REGISTRY).state("Fit").field["path"] == "shot_Fit_fit_v002"
    # Back to the knob of the first fit: the second is the stale one now.
    opened.set("Clip", "level", 0.0)
    assert state(opened) == "stale"


def test_fit_serves_while_its_clip_is_out_of_reach_and_is_stale_when_unwired(shot):
    (shot.parent / "extra.txt").write_text("0")
    opened = session(shot)
    opened.set("Clip", "file", "extra.txt")
    opened.render(frames=[1])
    (shot.parent / "extra.txt").unlink()
    assert state(opened) == "fitted"
    opened.render(frames=[2])
    assert opened.evaluator.computes["Fit"] == 1
    opened.set("Clip", "file", "")
    opened.do(Disconnect("Flow", "image"))
    assert state(opened) == "stale"


def test_refit_fits_again_although_nothing_changed_and_undo_returns_to_the_old_one(shot):
    opened = session(shot)
    opened.render(frames=[1])
    opened.refit("Fit")
    assert opened.evaluator.computes["Fit"] == 2
    assert opened.document.state("Fit").field["path"] == "shot_Fit_fit_v002"
    opened.history.undo()
    assert opened.document.state("Fit").field["path"] == "shot_Fit_fit_v001"


def test_recorded_fit_that_is_gone_fails_and_never_refits(shot):
    session(shot).render(frames=[1])
    shutil.rmtree(shot.parent / "shot_Fit_fit_v001")
    opened = session(shot)
    assert state(opened) == "missing"
    with pytest.raises(InputError, match="shot_Fit_fit_v001") as caught:
        opened.render(frames=[1])
    assert (caught.value.code, caught.value.node) == (3, "Fit")
    assert opened.evaluator.computes["Fit"] == 0
    opened.refit("Fit")
    opened.render(frames=[1])


def test_no_fit_forbids_the_first_fit_and_allows_a_finished_one(shot):
    opened = session(shot, allow_fit=False)
    with pytest.raises(InputError, match="--no-fit") as caught:
        opened.render(frames=[1])
    assert caught.value.node == "Fit" and not opened.evaluator.computes["Fit"]
    session(shot).render(frames=[1])
    session(shot, allow_fit=False).render(frames=[1])


def test_failed_fit_is_marked_and_leaves_nothing(shot):
    opened = session(shot)
    opened.set("Fit", "fail", True)
    with pytest.raises(InputError, match="did not work") as caught:
        opened.render(frames=[1])
    assert caught.value.node == "Fit"
    assert state(opened) == "failed"
    assert sorted(p.name for p in shot.parent.iterdir()) == ["shot.codef"]
    opened.set("Fit", "fail", False)
    opened.render(frames=[1])
    assert state(opened) == "fitted"


def test_cancelled_fit_leaves_nothing(shot):
    opened = session(shot)

    def stop(progress):
        if progress.figures.get("step"):
            opened.cancel()

    with pytest.raises(Cancelled):
        opened.render(frames=[1], listener=stop)
    assert sorted(p.name for p in shot.parent.iterdir()) == ["shot.codef"]
    assert state(opened) == "none"
    opened.render(frames=[1])


def test_save_that_fails_leaves_nothing_half_written(shot, monkeypatch):
    opened = session(shot)

    def full(path, array):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(WriteError, match="No space left"):
        opened.render(frames=[1])
    assert sorted(p.name for p in shot.parent.iterdir()) == ["shot.codef"]


def test_versions_only_go_up_and_field_json_holds_the_key(shot):
    (shot.parent / "shot_Fit_fit_v007").mkdir()
    opened = session(shot)
    opened.render(frames=[1])
    folder = shot.parent / "shot_Fit_fit_v008"
    assert identity_of(folder) == opened.document.state("Fit").field["key"]
    assert json.loads((folder / "field.json").read_text())["schema"] == 1


def test_two_threads_that_need_the_same_fit_fit_once(shot):
    opened = session(shot)
    graph = opened.evaluator
    results = []
    threads = [
        threading.Thread(target=lambda f=f: results.append(graph.value("Result", f)))
        for f in (1, 2, 3, 4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(results) == 4
    assert graph.computes["Fit"] == 1
    assert len(list(shot.parent.glob("*_fit_v*"))) == 1


def test_fits_of_an_unsaved_document_live_in_the_cache_and_follow_the_first_save(
    fresh_cache, tmp_path
):
    opened = Session(cache=Cache(RamCache(1 << 20)), registry=REGISTRY)
    opened.new(fit_graph())
    opened.set("Out", "folder", str(tmp_path / "out"))
    opened.render(frames=[1])
    assert (fresh_cache / "assets" / "untitled_Fit_fit_v001").is_dir()
    opened.save(tmp_path / "work" / ".." / "kept.codef")
    assert opened.document.state("Fit").field["path"] == "kept_Fit_fit_v001"
    assert (tmp_path / "kept_Fit_fit_v001" / "field.json").is_file()
    assert not list((fresh_cache / "assets").iterdir())
    again = session(tmp_path / "kept.codef")
    again.render(frames=[1])
    assert again.evaluator.computes["Fit"] == 0
    # Undo past the save brings the old name back; the fit is found all the same.
    assert opened.history.undo()
    assert opened.document.state("Fit").field["path"] == "untitled_Fit_fit_v001"
    assert state(opened) == "fitted"


def test_a_first_save_that_fails_leaves_the_fit_in_the_cache(fresh_cache, tmp_path):
    opened = Session(cache=Cache(RamCache(1 << 20)), registry=REGISTRY)
    opened.new(fit_graph())
    opened.set("Out", "folder", str(tmp_path / "out"))
    opened.render(frames=[1])
    (tmp_path / "taken.codef").mkdir()
    with pytest.raises(WriteError):
        opened.save(tmp_path / "taken.codef")
    assert opened.document.state("Fit").field["path"] == "untitled_Fit_fit_v001"
    assert state(opened) == "fitted"
    assert not list(tmp_path.glob("*taken_Fit*"))


def test_disabled_fit_and_disabled_writer_are_named(shot):
    opened = session(shot)
    opened.do(SetDisabled("Fit"))
    with pytest.raises(UsageError, match="Fit is disabled"):
        opened.render(frames=[1])
    opened.do(SetDisabled("Out"))
    with pytest.raises(UsageError, match="no enabled node of the document writes"):
        opened.render(frames=[1])


def test_a_disabled_fit_gives_its_last_field_and_says_so(shot):
    opened = session(shot)
    opened.render(frames=[2])
    file = shot.parent / "out" / "2.txt"
    before = file.read_text()
    opened.do(SetDisabled("Fit"))
    set_knob(opened.document, "Clip", "level", 50.0)
    file.unlink()
    computes = opened.evaluator.type_computes["MeanFit"]
    opened.render(frames=[2])
    assert opened.evaluator.type_computes["MeanFit"] == computes
    (told,) = [note for note in opened.evaluator.notes if "Fit" in note]
    assert "disabled" in told and "last fit" in told
    assert file.read_text() == before
    opened.do(SetDisabled("Fit", False))
    opened.refit("Fit")
    opened.render(frames=[2])
    assert float(file.read_text()) > float(before) + 50


def test_fit_that_reads_another_fit_is_fitted_after_it(tmp_path):
    document = build(
        ("Ramp", "Clip", {}, {}),
        ("MeanFit", "First", {}, {"image": "Clip"}),
        ("Still", "View", {}, {"field": "First"}),
        ("Sum", "Both", {}, {"images": ["Clip", "View"]}),
        ("MeanFit", "Second", {}, {"image": "Both"}),
        ("Still", "Seen", {}, {"field": "Second"}),
    )
    graph = evaluator(document, tmp_path)
    assert float(graph.value("Seen").pixels.mean()) == 6
    assert graph.type_computes["MeanFit"] == 2
    again = evaluator(fresh := document.copied(), tmp_path)
    assert float(again.value("Seen").pixels.mean()) == 6 and "Second" in fresh
    assert not again.type_computes["MeanFit"]
