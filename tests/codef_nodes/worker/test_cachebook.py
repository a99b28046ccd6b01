"""The book of caches in a real worker: what is listed, pinned, deleted and refused."""

from pathlib import Path

import pytest

from codef_nodes.graph.commands import RecordField
from codef_nodes.worker.protocol import WorkerError
from tests.codef_nodes.worker.jobkit import Line, make_clip, shot_graph


@pytest.fixture
def line(tmp_path: Path, fresh_cache: Path):
    """A worker over a shot that was fitted twice; the second fit is in use."""
    make_clip(tmp_path / "clip")
    made = Line(shot_graph(tmp_path, steps=1), tmp_path / "shot.codef")
    made.ask("fit", node="Fit")
    RecordField("Fit", made.ask("fit", node="Fit")["record"]).run(made.document)
    made.open(tmp_path / "shot.codef")
    yield made
    made.client.close()


def test_fits_are_listed_with_size_use_and_user(line, tmp_path):
    (tmp_path / "strange_fit_v007").mkdir()
    told = line.ask("cache.list")
    first, second = told["fits"]
    assert (first["name"], second["name"]) == ("shot_Fit_fit_v001", "shot_Fit_fit_v002")
    assert first["in_use"] == [] and second["in_use"] == ["Fit"]
    assert first["node"] == "Fit" and first["version"] == 1 and not first["pinned"]
    real = sum(f.stat().st_size for f in (tmp_path / "shot_Fit_fit_v001").iterdir())
    assert first["bytes"] == real and first["used"] > 0 and first["psnr"] > 10
    kinds = {each["what"]: each for each in told["caches"]}
    assert set(kinds) == {"ram", "disk", "drafts", "checkpoints"}
    assert kinds["drafts"]["bytes"] > 0
    assert line.ask("fit.report", node="Fit")["report"]["steps"] == 1


def test_only_what_is_free_is_deleted(line, tmp_path):
    first, second = (tmp_path / f"shot_Fit_fit_v00{n}" for n in (1, 2))
    with pytest.raises(WorkerError, match="in use by Fit"):
        line.ask("cache.clear", what=str(second))
    assert line.ask("cache.pin", path=str(first), pinned=True)["pinned"]
    assert line.ask("cache.list")["fits"][0]["pinned"]
    with pytest.raises(WorkerError, match="pinned"):
        line.ask("cache.clear", what=str(first))
    line.ask("cache.pin", path=str(first), pinned=False)
    assert line.ask("cache.clear", what=str(first))["freed"] > 0
    assert not first.exists() and second.is_dir()
    assert len(line.ask("cache.list")["fits"]) == 1


def test_nothing_but_fits_of_the_document_can_be_deleted(line, tmp_path):
    (tmp_path / "out").mkdir()
    for what in ("clip", "out", "", ".", "../..", "shot_Fit_fit_v009"):
        with pytest.raises(WorkerError, match="no finished fit"):
            line.ask("cache.clear", what=str(tmp_path / what))
        with pytest.raises(WorkerError, match="no finished fit"):
            line.ask("cache.pin", path=str(tmp_path / what), pinned=True)
    assert (tmp_path / "clip").is_dir() and (tmp_path / "out").is_dir()


def test_a_pin_leaves_the_field_itself_and_so_every_result_as_it_is(line, tmp_path):
    folder = tmp_path / "shot_Fit_fit_v002"
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    line.ask("cache.pin", path=str(folder), pinned=True)
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == before
    # The next version leaves the pin where it is.
    line.ask("fit", node="Fit")
    assert [each["pinned"] for each in line.ask("cache.list")["fits"]] == [False, True, False]


def test_caches_are_emptied_but_for_the_drafts_in_use(line, fresh_cache):
    (draft,) = (fresh_cache / "drafts").glob("*/*")
    line.ask("drafts", drafts={"Fit": str(draft)})
    line.ask("cache.clear", what="drafts")
    assert draft.is_dir()
    line.ask("drafts", drafts={})
    assert line.ask("cache.clear", what="drafts")["freed"] > 0
    assert not draft.exists()
    line.ask("render", frames=[1001])
    assert line.ask("cache.clear", what="ram")["freed"] > 0
    line.ask("cache.clear", what="disk")
    told = {each["what"]: each for each in line.ask("cache.list")["caches"]}
    assert told["ram"]["bytes"] == 0 and told["disk"]["count"] == 0
