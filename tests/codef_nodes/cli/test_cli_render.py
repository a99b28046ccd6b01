"""`codef render` and `codef import-sequence` from the outside."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.codef_nodes.cli.tinyclip import (
    FRAMES,
    HEIGHT,
    WIDTH,
    Codef,
    make_clip,
    read_png,
    write_png,
)

STROKE = {"kind": "brush", "points": [[20, 20, 1], [40, 24, 1]], "size": 7, "colour": [1, 0, 0]}
ROOT = Path(__file__).parents[3]


def node(kind: str, wires: dict[str, Any] | None = None, **knobs: Any) -> dict[str, Any]:
    return {"type": kind, "version": 1, "knobs": knobs, "inputs": wires or {}}


def graph(**more: Any) -> dict[str, Any]:
    """Clip, flow, fit, canonical, grade, paint, propagate, write."""
    nodes = {
        "Clip": node("LoadSequence", file="clip"),
        "Flow": node("OpticalFlow", {"image": "Clip"}),
        "Fit": node("FitCoDeF", {"clip": "Clip", "flow": "Flow"}, steps=2),
        "Still": node("CanonicalView", {"field": "Fit"}),
        "Grade": node("ImageOperation", {"image": "Still"}, operation="saturation"),
        "Paint": node("Paint", {"image": "Grade"}, strokes=[STROKE]),
        "Propagate": node("Propagate", {"source": "Clip", "field": "Fit", "edit": ["Paint"]}),
        "Write": node("WriteSequence", {"image": "Propagate"}, file="out/o.%04d.png"),
    }
    nodes.update(more)
    return {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}


def write_document(folder: Path, tree: dict[str, Any]) -> Path:
    path = folder / "shot.codef"
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a clip and a document."""
    make_clip(tmp_path / "clip")
    write_document(tmp_path, graph())
    return tmp_path


def test_a_document_is_fitted_once_and_rendered(codef: Codef, project: Path) -> None:
    first = codef("render", project / "shot.codef", "--json")
    assert first.code == 0
    assert first.last["frames"] == list(FRAMES)
    assert first.last["computes"]["Fit"] == 1
    assert len(FRAMES) - 1 <= first.last["computes"]["Flow"] <= len(FRAMES)
    assert (project / "shot_Fit_fit_v001" / "field.json").is_file()
    for frame in FRAMES:
        before = read_png(project / "clip" / f"shot.{frame}.png")
        after = read_png(project / "out" / f"o.{frame}.png")
        touched = (before != after).any(axis=2)
        assert 40 < touched.sum() < WIDTH * HEIGHT / 2
        assert after.dtype == np.uint8


def test_another_process_finds_the_fit_and_only_what_hangs_on_the_edit_is_made_again(
    codef: Codef, project: Path, fresh_cache: Path
) -> None:
    document = project / "shot.codef"
    assert codef("render", document).code == 0
    command = [sys.executable, "-m", "codef_nodes", "render", str(document), "--json", "--no-fit"]
    command += ["--set", "Grade.saturation_saturation=0.25"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CODEF_CACHE": str(fresh_cache)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    computes = json.loads(done.stdout.splitlines()[-1])["computes"]
    assert "Fit" not in computes and "Flow" not in computes
    assert computes["Propagate"] == len(FRAMES)
    assert computes["Grade"] == computes["Paint"] == 1
    assert not (project / "shot_Fit_fit_v002").exists()


def test_no_fit_fails_where_there_is_none(codef: Codef, project: Path) -> None:
    answer = codef("render", project / "shot.codef", "--no-fit", "--json")
    assert answer.code == 3
    assert answer.last["error"]["node"] == "Fit"
    assert not (project / "out").exists()


def test_a_lost_fit_fails_and_is_never_made_again_in_silence(codef: Codef, project: Path) -> None:
    assert codef("render", project / "shot.codef").code == 0
    shutil.rmtree(project / "shot_Fit_fit_v001")
    answer = codef("render", project / "shot.codef", "--json")
    assert answer.code == 3
    assert "shot_Fit_fit_v001" in answer.last["error"]["message"]
    assert not list(project.glob("*_fit_*"))


def test_a_changed_clip_makes_the_fit_stale_and_the_render_says_so(
    codef: Codef, project: Path
) -> None:
    assert codef("render", project / "shot.codef").code == 0
    answer = codef("render", project / "shot.codef", "--set", "Fit.seed=9", "--json")
    assert answer.code == 0
    assert "Fit" not in answer.last["computes"]
    assert any("refit" in warning for warning in answer.last["warnings"])


def test_frames_and_node_choose_what_is_rendered(codef: Codef, project: Path) -> None:
    document = project / "shot.codef"
    answer = codef("render", document, "--frames", "1001-1005x2", "--json")
    assert answer.last["frames"] == [1001, 1003, 1005]
    assert len(list((project / "out").iterdir())) == 3
    answer = codef("render", document, "--node", "Grade", "--json")
    assert answer.code == 0
    assert answer.last["written"] == []


def test_a_single_file_keeps_its_own_frame_in_a_render_of_a_range(
    codef: Codef, project: Path
) -> None:
    one = node("WriteSequence", {"image": "Paint"}, file="still.png", frames="1003")
    document = write_document(project, graph(One=one))
    answer = codef("render", document, "--frames", "1001-1002", "--json")
    assert answer.code == 0
    assert (project / "still.png").is_file()
    assert len(list((project / "out").iterdir())) == 2


def test_existing_frames_are_skipped_when_asked(codef: Codef, project: Path) -> None:
    document = project / "shot.codef"
    assert codef("render", document, "--frames", "1001-1002").code == 0
    mark = project / "out" / "o.1001.png"
    mark.write_bytes(mark.read_bytes() + b"kept")
    answer = codef("render", document, "--skip-existing", "--json")
    assert answer.code == 0
    assert answer.last["nodes"][0]["skipped"] == [1001, 1002]
    assert answer.last["frames"] == list(FRAMES[2:])
    assert mark.read_bytes().endswith(b"kept")


def copies(folder: Path) -> Path:
    """A document that only loads and writes."""
    nodes = {
        "Clip": node("LoadSequence", file="clip"),
        "Write": node("WriteSequence", {"image": "Clip"}, file="out/o.%04d.png"),
    }
    return write_document(folder, {"codef": {"schema": 1}, "settings": {}, "nodes": nodes})


def test_a_frame_that_fails_stops_the_render_or_is_told_at_the_end(
    codef: Codef, project: Path
) -> None:
    document = copies(project)
    bad = project / "clip" / "shot.1003.png"
    bad.write_bytes(bad.read_bytes()[:700])
    answer = codef("render", document, "--json")
    assert answer.code == 3
    assert answer.last["error"]["frame"] == 1003
    assert answer.last["error"]["node"] == "Clip"
    shutil.rmtree(project / "out")
    answer = codef("render", document, "--continue", "--json")
    assert answer.code == 6
    assert [one["frame"] for one in answer.last["failed"]] == [1003]
    assert answer.last["error"]["code"] == 6
    assert sorted(path.name for path in (project / "out").iterdir()) == [
        f"o.{frame}.png" for frame in FRAMES if frame != 1003
    ]


def test_a_missing_frame_is_3_or_made_up_and_never_fitted(codef: Codef, project: Path) -> None:
    (project / "clip" / "shot.1004.png").unlink()
    answer = codef("render", copies(project), "--json")
    assert answer.code == 3
    assert answer.last["error"]["frame"] == 1004
    answer = codef("render", copies(project), "--set", "Clip.missing=hold", "--json")
    assert answer.code == 0
    held = read_png(project / "out" / "o.1004.png")
    assert np.array_equal(held, read_png(project / "clip" / "shot.1003.png"))
    document = write_document(project, graph())
    for missing in ("error", "hold", "nearest", "black"):
        answer = codef("render", document, "--set", f"Clip.missing={missing}", "--json")
        assert answer.code == 3, missing
        assert answer.last["error"]["frame"] == 1004
    answer = codef("render", document, "--set", "Fit.missing=skip", "--frames", "1001-1003")
    assert answer.code == 0
    told = json.loads((project / "shot_Fit_fit_v001" / "field.json").read_text(encoding="utf-8"))
    assert 1004 not in told["frames"]


@pytest.mark.parametrize(
    "wrong",
    [
        ["--set", "Grade.magic=1"],
        ["--set", "Nobody.mix=1"],
        ["--set", "Grade.mix=much"],
        ["--set", "Grade.mix"],
        ["--set", "Grade=1"],
        ["--node", "Nobody"],
        ["--frames", "all of them"],
    ],
)
def test_wrong_knobs_nodes_and_ranges_are_2(codef: Codef, project: Path, wrong: list[str]) -> None:
    before = (project / "shot.codef").read_bytes()
    answer = codef("render", project / "shot.codef", "--json", *wrong)
    assert answer.code == 2
    assert (project / "shot.codef").read_bytes() == before
    assert not (project / "out").exists()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("this is no JSON", "no Codef document"),
        ("{}", "schema"),
        ('{"codef": {"schema": 999}, "settings": {}, "nodes": {}}', "newer"),
        (
            json.dumps(
                graph(
                    Grade=node("ImageOperation", {"image": "Paint"}),
                    Paint=node("Paint", {"image": "Grade"}),
                )
            ),
            "cycle",
        ),
    ],
)
def test_files_that_are_no_documents_are_2_and_stay_as_they_are(
    codef: Codef, tmp_path: Path, text: str, named: str
) -> None:
    path = tmp_path / "d.codef"
    path.write_text(text, encoding="utf-8")
    answer = codef("render", path, "--json")
    assert answer.code == 2
    assert named in answer.last["error"]["message"]
    assert path.read_text(encoding="utf-8") == text


def test_a_document_that_is_absent_is_3(codef: Codef, tmp_path: Path) -> None:
    assert codef("render", tmp_path / "none.codef").code == 3


def test_an_unknown_node_is_kept_and_does_not_hinder_the_others(
    codef: Codef, project: Path
) -> None:
    tree = json.loads(copies(project).read_text(encoding="utf-8"))
    tree["nodes"]["Later"] = node("FromTheFuture", {"image": "Clip"}, magic=3)
    document = write_document(project, tree)
    answer = codef("render", document, "--json")
    assert answer.code == 0
    assert any("FromTheFuture" in warning for warning in answer.last["warnings"])
    kept = json.loads(document.read_text(encoding="utf-8"))["nodes"]["Later"]
    assert kept["knobs"] == {"magic": 3}


def test_a_write_never_replaces_its_own_input(codef: Codef, project: Path) -> None:
    before = {path.name: path.read_bytes() for path in (project / "clip").iterdir()}
    document = copies(project)
    answer = codef("render", document, "--set", "Write.file=clip/shot.%04d.png", "--json")
    assert answer.code == 3
    assert answer.last["error"]["node"] == "Write"
    assert {path.name: path.read_bytes() for path in (project / "clip").iterdir()} == before


def test_a_write_into_a_place_that_is_no_folder_is_3(codef: Codef, project: Path) -> None:
    (project / "wall").write_text("a file", encoding="utf-8")
    document = copies(project)
    answer = codef("render", document, "--set", "Write.file=wall/o.%04d.png", "--json")
    assert answer.code == 3


def test_the_cache_lies_where_it_is_told(codef: Codef, project: Path) -> None:
    assert codef("render", project / "shot.codef", "--cache", project / "mine").code == 0
    assert (project / "mine").is_dir()


def external(folder: Path) -> Path:
    """A document that runs a program which brightens an EXR."""
    program = folder / "brighten.py"
    program.write_text(
        "import sys\n"
        "from dataclasses import replace\n"
        "from engine.io.read import read_picture\n"
        "from engine.io.write import write_picture\n"
        "picture = read_picture(sys.argv[1])\n"
        "write_picture(sys.argv[2], picture.with_pixels(picture.pixels * 2))\n",
        encoding="utf-8",
    )
    command = [sys.executable, str(program), "{input}", "{output}"]
    nodes = {
        "Clip": node("LoadSequence", file="clip"),
        "Run": node(
            "ImageOperation", {"image": "Clip"}, operation="external", external_command=command
        ),
        "Write": node("WriteSequence", {"image": "Run"}, file="out/o.%04d.exr"),
    }
    return write_document(folder, {"codef": {"schema": 1}, "settings": {}, "nodes": nodes})


def test_another_program_runs_only_when_allowed(
    codef: Codef, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    document = external(project)
    answer = codef("render", document, "--frames", "1001", "--json")
    assert answer.code == 2
    assert "--allow-external" in answer.last["error"]["message"]
    answer = codef("render", document, "--frames", "1001", "--allow-external", "--json")
    assert answer.code == 0, answer.err
    from engine.io.read import read_picture

    made = read_picture(project / "out" / "o.1001.exr").rgb
    source = read_picture(project / "clip" / "shot.1001.png").rgb
    assert np.allclose(made, 2 * source, rtol=0.01, atol=0.001)


def published(folder: Path, name: str = "walk") -> Path:
    """A clip in the published layout."""
    from tests.codef_nodes.cli.tinyclip import write_png

    root = folder / "all_sequences" / name
    make_clip(root / name)
    for number, path in enumerate(sorted((root / name).iterdir())):
        path.rename(path.with_name(f"{number:05d}.png"))
    for group in (0, 1):
        masks = root / f"{name}_masks_{group}"
        masks.mkdir()
        for number in range(len(FRAMES)):
            mask = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            mask[12:30, 20:44] = 6
            write_png(masks / f"{number:05d}.png", mask if group == 0 else 255 - mask)
    (root / f"{name}_flow").mkdir()
    (root / f"{name}_flow_confidence").mkdir()
    for number in range(len(FRAMES) - 1):
        flow = np.zeros((1, 2, HEIGHT, WIDTH), np.float32)
        flow[:, 0], flow[:, 1] = -2, -1
        np.save(root / f"{name}_flow" / f"{number:06d}.npy", flow)
        good = np.ones((1, 1, HEIGHT, WIDTH), np.float32)
        np.save(root / f"{name}_flow_confidence" / f"{number:06d}_c.npy", good)
    return root


def test_the_published_layout_becomes_a_graph_that_renders(codef: Codef, tmp_path: Path) -> None:
    root = published(tmp_path)
    document = tmp_path / "graph.codef"
    answer = codef("import-sequence", root, "-o", document, "--json")
    assert answer.code == 0
    tree = json.loads(document.read_text(encoding="utf-8"))
    # The last published mask wins: it is the front here.
    files = tree["nodes"]["Groups"]["knobs"]["files"]
    assert [Path(file).name for file in files] == ["walk_masks_1", "walk_masks_0"]
    assert not any(Path(file).is_absolute() for file in files)
    answer = codef("render", document, "--set", "Fit.steps=1", "--json")
    assert answer.code == 0
    assert answer.last["frames"] == list(range(len(FRAMES)))
    for number in range(len(FRAMES)):
        made = read_png(tmp_path / "walk_result" / f"walk.{number:04d}.png")
        assert np.array_equal(made, read_png(root / "walk" / f"{number:05d}.png"))
    told = json.loads((tmp_path / "graph_Fit_fit_v001" / "field.json").read_text("utf-8"))
    assert [layer["name"] for layer in told["layers"]] == ["walk_masks_1", "walk_masks_0"]


def test_published_options_become_knobs_and_unknown_ones_are_listed(
    codef: Codef, tmp_path: Path
) -> None:
    root = published(tmp_path)
    config = tmp_path / "base.yaml"
    config.write_text(
        "num_steps: 321\nref_idx: 2\nflow_loss: 0.5\nmystery_option: 7\nmask_dir: null\n",
        encoding="utf-8",
    )
    document = tmp_path / "graph.codef"
    answer = codef("import-sequence", root, "-o", document, "--config", config, "--json")
    assert answer.code == 0
    assert answer.last["unknown"] == ["mystery_option"]
    assert "mystery_option" in answer.err
    knobs = json.loads(document.read_text(encoding="utf-8"))["nodes"]["Fit"]["knobs"]
    assert knobs["steps"] == 321
    assert knobs["reference"] == 2
    assert knobs["recipe"] == "paper"
    assert knobs["numbers"]["flow_loss"] == 0.5


def test_imports_that_make_no_sense_fail(codef: Codef, tmp_path: Path) -> None:
    root = published(tmp_path)
    out = ("-o", tmp_path / "g.codef")
    assert codef("import-sequence", tmp_path / "none", *out).code == 3
    assert codef("import-sequence", root, "-o", tmp_path / "g.json").code == 2
    (tmp_path / "bad.yaml").write_text("a: [1", encoding="utf-8")
    assert codef("import-sequence", root, *out, "--config", tmp_path / "bad.yaml").code == 2
    assert codef("import-sequence", root, *out, "--config", tmp_path / "none.yaml").code == 3
    assert not (tmp_path / "g.codef").exists()


def test_a_preset_sets_knobs_for_this_render_and_set_goes_over_it(
    codef: Codef, project: Path
) -> None:
    document = project / "shot.codef"
    before = json.loads(document.read_text(encoding="utf-8"))["nodes"]["Grade"]
    one = ("render", document, "--frames", "1003", "--json")
    assert codef(*one).code == 0
    plain = read_png(project / "out" / "o.1003.png")
    assert codef(*one, "--preset", "Grade=golden_hour").code == 0
    warm = read_png(project / "out" / "o.1003.png").astype(float)
    gain = warm.mean((0, 1)) / plain.mean((0, 1))
    assert gain[2] > 1.02 > 0.98 > gain[0]  # BGR: redder, less blue
    assert codef(*one, "--preset", "Grade=golden_hour", "--set", "Grade.mix=0").code == 0
    assert np.array_equal(read_png(project / "out" / "o.1003.png"), plain)
    assert json.loads(document.read_text(encoding="utf-8"))["nodes"]["Grade"] == before
    answer = codef(*one, "--preset", "Grade=nope")
    assert answer.code == 2 and "golden_hour" in answer.last["error"]["message"]


def test_an_edit_that_had_to_be_searched_for_is_told(codef: Codef, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    big = cv2.GaussianBlur(rng.random((300, 420, 3)).astype(np.float32), (0, 0), 1.6)
    big = cv2.normalize(big, None, 10, 245, cv2.NORM_MINMAX)
    (tmp_path / "clip").mkdir()
    for number in range(3):
        shot = np.rint(big[20:260, 20 + 2 * number : 340 + 2 * number]).astype(np.uint8)
        write_png(tmp_path / "clip" / f"a.{number}.png", shot)
    assert codef("fit", tmp_path / "clip", "--steps", "2", "-o", tmp_path / "F").code == 0
    assert codef("canonical", tmp_path / "F", "-o", tmp_path / "c.png").code == 0
    crop = cv2.imread(str(tmp_path / "c.png"), cv2.IMREAD_UNCHANGED)[30:200, 40:290]
    write_png(tmp_path / "crop.png", crop)
    nodes = {
        "Clip": node("LoadSequence", file="clip"),
        "Field": node("LoadField", folder="F"),
        "Edit": node("LoadSequence", file="crop.png"),
        "Carry": node("Propagate", {"source": "Clip", "field": "Field", "edit": ["Edit"]}),
    }
    document = write_document(tmp_path, {"codef": {"schema": 1}, "settings": {}, "nodes": nodes})
    answer = codef("render", document, "--node", "Carry", "--json")
    assert answer.code == 0, answer.err
    (told,) = answer.last["warnings"]
    assert "Carry" in told and "confidence" in told
