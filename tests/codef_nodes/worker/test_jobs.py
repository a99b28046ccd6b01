"""Renders and fits in a real worker process: progress, drafts, pause, stop, cancel, resume."""

import json
import time
from pathlib import Path

import pytest

from codef_nodes.graph.commands import SetKnob
from codef_nodes.worker.protocol import WorkerError
from engine.fields.folder import load_field
from tests.codef_nodes.worker.jobkit import COUNT, Line, make_clip, shot_graph

#: Passes that take far longer than any test waits.
ENDLESS = 5000


@pytest.fixture
def line(tmp_path: Path, fresh_cache: Path):
    make_clip(tmp_path / "clip")
    made = Line(shot_graph(tmp_path), tmp_path / "shot.codef")
    yield made
    made.client.close()


def endless(line: Line, tmp_path: Path):
    """A fit that goes on until somebody ends it."""
    line.document = shot_graph(tmp_path, steps=ENDLESS)
    line.open(tmp_path / "shot.codef")


def test_a_render_fits_first_and_tells_of_all_of_it(line, tmp_path):
    call, heard = line.begin("render")
    (summary,) = call.result(60)["summaries"]
    assert summary["node"] == "Write" and len(summary["written"]) == COUNT
    assert (tmp_path / "out" / "out.1008.png").is_file()
    (record,) = heard.of("records")
    assert record["node"] == "Fit" and record["record"]["path"] == "shot_Fit_fit_v001"
    fractions = [data["fraction"] for data in heard.of("progress")]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    drafts = heard.of("draft")
    assert drafts and drafts[0]["node"] == "Fit" and drafts[0]["psnr"] > 10
    draft = load_field(Path(drafts[-1]["field"]))
    assert len(draft.frames) == COUNT


def test_a_render_takes_the_frames_and_the_nodes_that_were_asked_for(line, tmp_path):
    (summary,) = line.ask("render", nodes=["Write"], frames=[1002, 1004])["summaries"]
    assert summary["frames"] == [1002, 1004]
    again = line.ask("render", nodes=["Write"], frames=[1002, 1003], skip_existing=True)
    assert again["summaries"][0]["frames"] == [1003]
    with pytest.raises(WorkerError, match="was named"):
        line.ask("render", nodes=[])


def test_a_render_that_was_cut_off_goes_on_after_what_it_wrote(line, tmp_path):
    call, heard = line.begin("render", nodes=["Write"], frames=[1001, 1002, 1003])
    call.result(60)
    marks = [data["mark"] for data in heard.of("wrote")]
    assert len(marks) == len(set(marks)) == 3
    (tmp_path / "out" / "out.1002.png").unlink()
    (tmp_path / "out" / "out.1003.png").write_bytes(b"somebody else's")
    frames = [1001, 1002, 1003, 1004]
    call, heard = line.begin("render", nodes=["Write"], frames=frames, written=marks)
    (summary,) = call.result(60)["summaries"]
    assert summary["skipped"] == [1001] and summary["frames"] == [1002, 1003, 1004]
    marks = [marks[0], *(data["mark"] for data in heard.of("wrote"))]
    # What would be written now is another picture: nothing is left alone.
    SetKnob("Paint", "strokes", [{"points": [[30, 30, 1]], "size": 20}]).run(line.document)
    line.open(tmp_path / "shot.codef")
    (summary,) = line.ask("render", nodes=["Write"], frames=frames, written=marks)["summaries"]
    assert summary["skipped"] == [] and summary["frames"] == frames


def test_frames_that_fail_are_told_and_the_others_are_written(line, tmp_path):
    line.ask("fit", node="Fit")
    (tmp_path / "clip" / "shot.1004.png").write_bytes(b"no picture")
    (summary,) = line.ask("render", **{"continue": True})["summaries"]
    assert [each["frame"] for each in summary["failed"]] == [1004]
    assert len(summary["frames"]) == COUNT - 1


def test_a_fit_is_the_next_version_with_its_figures(line, tmp_path):
    first = line.ask("fit", node="Fit")
    second = line.ask("fit", node="Fit")
    assert first["record"]["path"] == "shot_Fit_fit_v001"
    assert second["record"]["path"] == "shot_Fit_fit_v002"
    assert second["report"]["steps"] == 2 and second["report"]["psnr"] > 20
    assert second["report"]["reference_reason"] and second["report"]["advice"]["recipe"]
    with pytest.raises(WorkerError, match="nothing to fit"):
        line.ask("fit", node="Load")


def test_a_fit_pauses_goes_on_and_stops_with_what_it_has(line, tmp_path):
    endless(line, tmp_path)
    call, heard = line.begin("fit", node="Fit")

    def passes() -> float:
        steps = [data["figures"].get("step", 0) for data in heard.of("progress")]
        return max(steps, default=0)

    heard.wait(lambda: passes() > 2)
    call.pause()
    line.ask("ping")
    time.sleep(0.3)  # a pass that is under way ends
    before = len(heard.events)
    time.sleep(0.4)
    assert len(heard.events) == before
    (busy,) = line.ask("status")["busy"]
    assert busy["state"] == "paused"
    at = passes()
    call.resume()
    heard.wait(lambda: passes() > at)
    call.stop()
    answer = call.result(40)
    assert at < answer["report"]["steps"] < ENDLESS
    assert len(load_field(tmp_path / answer["record"]["path"]).frames) == COUNT


def test_a_cancelled_fit_leaves_a_checkpoint_from_which_the_next_goes_on(line, tmp_path):
    endless(line, tmp_path)
    call, heard = line.begin("fit", node="Fit")
    # Checkpoints are kept at full working size only.
    heard.wait(lambda: any(d["figures"].get("step", 0) > 60 for d in heard.of("progress")))
    call.cancel()
    with pytest.raises(WorkerError) as told:
        call.result(20)
    assert told.value.cancelled
    assert not list(tmp_path.glob("shot_Fit_fit_v*"))
    call, heard = line.begin("fit", node="Fit")
    heard.wait(lambda: any("goes on" in data["text"] for data in heard.of("note")) or call.over or
               any(d["figures"].get("step", 0) > 60 for d in heard.of("progress")))  # fmt: skip
    call.stop()
    assert call.result(40)["report"]["resumed_at"] > 0
    call, heard = line.begin("fit", node="Fit", resume=False)
    heard.wait(lambda: heard.of("draft"))
    call.stop()
    assert call.result(40)["report"]["resumed_at"] == 0


def test_drafts_of_a_request_that_is_over_go(line, tmp_path, fresh_cache):
    call, heard = line.begin("fit", node="Fit")
    call.result(40)
    first = Path(heard.of("draft")[-1]["field"])
    assert first.is_dir() and json.loads((first / "field.json").read_text())
    line.ask("fit", node="Fit")
    assert not first.exists()
    assert len(list((fresh_cache / "drafts").iterdir())) == 1
