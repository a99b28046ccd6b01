"""Bad input through every command: the code, one sentence, nothing half-written left behind.

What is wrong with a clip is told by one reader, so each trouble runs through ``fit`` in
``test_cli_fit`` and through the other commands here.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.arrays import F32
from tests.codef_nodes.cli.tinyclip import (
    FRAMES,
    HEIGHT,
    WIDTH,
    Answer,
    Codef,
    make_clip,
    make_masks,
    read_png,
    write_png,
)

ROOT = Path(__file__).parents[3]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="uses signals and limits of POSIX")
STROKE = {"kind": "brush", "points": [[20, 20, 1], [40, 24, 1]], "size": 7, "colour": [1, 0, 0]}


def node(kind: str, wires: dict[str, Any] | None = None, **knobs: Any) -> dict[str, Any]:
    return {"type": kind, "version": 1, "knobs": knobs, "inputs": wires or {}}


def write_graph(folder: Path, clip: object = "clip", **more: Any) -> Path:
    """A document that fits the clip, paints on it and writes ``out/``."""
    nodes = {
        "Clip": node("LoadSequence", file=str(clip)),
        "Fit": node("FitCoDeF", {"clip": "Clip"}, steps=1),
        "Still": node("CanonicalView", {"field": "Fit"}),
        "Paint": node("Paint", {"image": "Still"}, strokes=[STROKE]),
        "Propagate": node("Propagate", {"source": "Clip", "field": "Fit", "edit": ["Paint"]}),
        "Write": node("WriteSequence", {"image": "Propagate"}, file="out/o.%04d.png"),
    }
    nodes.update(more)
    path = folder / "shot.codef"
    tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path


def tree_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def refused(answer: Answer, code: int, *named: str) -> dict[str, Any]:
    """The error, after the checks that every failure must pass."""
    assert answer.code == code, answer.err
    assert "Traceback" not in answer.err
    error: dict[str, Any] = answer.last["error"]
    assert error["code"] == code
    assert set(error) == {"code", "message", "file", "frame", "node"}
    for words in named:
        assert words in error["message"]
    assert "\n" not in error["message"]
    return error


def write_exrs(folder: Path, change: Callable[[int, F32], None] | None = None) -> Path:
    """The clip as 32-bit float EXRs."""
    from engine.io.picture import Picture
    from engine.io.write import WriteOptions, write_picture

    clip = make_clip(folder.with_name(folder.name + "_png"))
    folder.mkdir()
    for frame in FRAMES:
        codes = np.asarray(read_png(clip / f"shot.{frame}.png"), np.float32) / np.float32(255)
        if change is not None:
            change(frame, codes)
        write_picture(folder / f"shot.{frame}.exr", Picture.of(codes), WriteOptions(bits=32))
    shutil.rmtree(clip)
    return folder


def empty(clip: Path) -> Path:
    clip.mkdir()
    return clip


def one_frame(clip: Path) -> Path:
    return make_clip(clip, FRAMES[:1])


def gap(clip: Path) -> Path:
    return make_clip(clip, (1001, 1002, 1004, 1005, 1006, 1007, 1008))


def cut_exr(clip: Path) -> Path:
    file = write_exrs(clip) / "shot.1004.exr"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return clip


def cut_jpeg(clip: Path) -> Path:
    pngs = make_clip(clip.with_name("pngs"))
    clip.mkdir()
    for frame in FRAMES:
        jpeg = cv2.imencode(".jpg", read_png(pngs / f"shot.{frame}.png"))[1]
        (clip / f"shot.{frame}.jpg").write_bytes(jpeg.tobytes())
    shutil.rmtree(pngs)
    file = clip / "shot.1004.jpg"
    file.write_bytes(file.read_bytes()[:-40])  # the last rows only: such files decode quietly
    return clip


def zero_bytes(clip: Path) -> Path:
    (make_clip(clip) / "shot.1004.png").write_bytes(b"")
    return clip


def two_sizes(clip: Path) -> Path:
    write_png(make_clip(clip) / "shot.1003.png", np.zeros((40, 40, 3), np.uint8))
    return clip


def two_sequences(clip: Path) -> Path:
    make_clip(clip)
    (clip / "other.1001.png").write_bytes((clip / "shot.1001.png").read_bytes())
    return clip


@pytest.mark.parametrize(
    ("situation", "named"),
    [
        (empty, "no pictures"),
        (one_frame, "two frames"),
        (gap, "frame 1003 is missing"),
        (cut_exr, "shot.1004.exr"),
        (cut_jpeg, "shot.1004.jpg"),
        (zero_bytes, "shot.1004.png"),
        (two_sizes, "40x40"),
        (two_sequences, "other.%04d.png"),
    ],
)
def test_a_bad_clip_is_3_in_every_command_that_reads_it(
    codef: Codef,
    field: Path,
    tmp_path: Path,
    situation: Callable[[Path], Path],
    named: str,
) -> None:
    clip = situation(tmp_path / "clip")
    write_graph(tmp_path)
    before = tree_of(tmp_path)
    error = refused(codef("fit", clip, "--steps", 1, "-o", tmp_path / "F", "--json"), 3, named)
    assert error["file"] or error["frame"]
    error = refused(codef("render", tmp_path / "shot.codef", "--json"), 3, named)
    assert error["node"] in ("Clip", "Fit")
    assert tree_of(tmp_path) == before
    error = refused(codef("check", field, "--source", clip, "--json"), 3)
    assert error["file"]
    edit = tmp_path / "edit.exr"
    assert codef("canonical", field, "-o", edit).code == 0
    pattern = tmp_path / "out" / "o.%04d.png"
    arguments = ("propagate", field, "--edit", edit, "--source", clip, "-o", pattern, "--json")
    error = refused(codef(*arguments), 3)
    assert error["file"]
    # Frames before the bad one are whole files; nothing hidden lies beside them.
    left = list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else []
    for file in left:
        assert file.name.startswith("o.10")
        assert read_png(file).shape == (HEIGHT, WIDTH, 3)


def bad_numbers(frame: int, codes: F32) -> None:
    if frame == 1002:
        codes[3, 4:7] = np.nan
        codes[4, 4], codes[4, 5] = np.inf, -np.inf


def test_pixels_that_are_no_numbers_pass_through_over_bit_for_bit(
    codef: Codef, tmp_path: Path
) -> None:
    from engine.io.read import read_picture

    clip = write_exrs(tmp_path / "clip", bad_numbers)
    answer = codef("fit", clip, "--steps", 1, "-o", tmp_path / "F", "--json")
    assert answer.code == 0
    assert any(warning.startswith("5 pixels") for warning in answer.last["warnings"])
    edit = tmp_path / "edit.exr"
    assert codef("canonical", tmp_path / "F", "-o", edit).code == 0
    pattern = tmp_path / "o" / "o.%04d.exr"
    assert codef("propagate", tmp_path / "F", "--edit", edit, "-o", pattern).code == 0
    document = write_graph(
        tmp_path,
        Write=node("WriteSequence", {"image": "Propagate"}, file="r/o.%04d.exr"),
        Paint=node("Paint", {"image": "Still"}),
    )
    assert codef("render", document).code == 0
    for frame in FRAMES:
        before = read_picture(clip / f"shot.{frame}.exr").native
        assert before is not None
        for folder in ("o", "r"):
            after = read_picture(tmp_path / folder / f"o.{frame}.exr").native
            assert after is not None
            assert after.codes.dtype == before.codes.dtype
            assert after.codes.tobytes() == before.codes.tobytes()


def small(masks: Path) -> None:
    for path in masks.iterdir():
        write_png(path, np.full((24, 32), 255, np.uint8))


def few(masks: Path) -> None:
    for frame in FRAMES[5:]:
        (masks / f"mask.{frame}.png").unlink()


def black(masks: Path) -> None:
    for path in masks.iterdir():
        write_png(path, np.zeros((HEIGHT, WIDTH), np.uint8))


def hollow(masks: Path) -> None:
    (masks / "mask.1004.png").write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "named"),
    [(small, "32x24"), (few, "5 masks for 8 frames"), (black, "black"), (hollow, "mask.1004.png")],
)
def test_bad_masks_are_3_and_named(
    codef: Codef, clip: Path, tmp_path: Path, spoil: Callable[[Path], None], named: str
) -> None:
    spoil(make_masks(tmp_path / "actor"))
    document = write_graph(
        tmp_path,
        clip,
        Groups=node("MaskGroup", files=["actor"]),
        Fit=node("FitCoDeF", {"clip": "Clip", "groups": "Groups"}, steps=1),
    )
    before = tree_of(tmp_path)
    arguments = ("--masks", tmp_path / "actor", "--steps", 1, "-o", tmp_path / "F", "--json")
    error = refused(codef("fit", clip, *arguments), 3, named)
    assert str(tmp_path / "actor") in error["file"]
    error = refused(codef("render", document, "--json"), 3, named)
    assert error["node"] in ("Fit", "Groups")
    assert tree_of(tmp_path) == before


def test_spaces_and_foreign_letters_work_in_every_path(codef: Codef, tmp_path: Path) -> None:
    place = tmp_path / "Büro 漢字 é"
    clip, masks = make_clip(place / "clïp ñ"), make_masks(place / "mäsk 日")
    points = place / "pünkte.json"
    points.write_text('[{"frame": 1001, "x": 20.5, "y": 20.5}]', encoding="utf-8")
    field, still = place / "fïeld ü", place / "stïll ö.png"
    document = write_graph(
        place,
        "clïp ñ",
        Groups=node("MaskGroup", files=["mäsk 日"]),
        Fit=node("FitCoDeF", {"clip": "Clip", "groups": "Groups"}, steps=1),
        Write=node("WriteSequence", {"image": "Propagate"}, file="öut ß/ö.%04d.jpg"),
    ).rename(place / "dökument ß.codef")
    for command in (
        ("fit", clip, "--masks", masks, "--steps", 1, "-o", field),
        ("canonical", field, "--layer", 0, "-o", still),
        ("propagate", field, "--edit", still, "--layer", 0, "-o", place / "a é/ö.%04d.png"),
        ("reconstruct", field, "-o", place / "b é/ö.%04d.tif"),
        ("stmap", field, "-o", place / "c é/ö.%04d.exr"),
        ("track", field, "--points", points, "-o", place / "träck.json"),
        ("check", field),
        ("render", document),
        ("import-sequence", named_as_published(place), "-o", place / "grâph.codef"),
    ):
        answer = codef(*command, "--json")
        assert answer.code == 0, answer.err
    for folder in ("a é", "b é", "c é", "öut ß"):
        assert len(list((place / folder).iterdir())) == len(FRAMES)


def named_as_published(place: Path) -> Path:
    make_clip(place / "stück 1" / "stück 1")
    return place / "stück 1"


@pytest.mark.parametrize("kind", ["below a file", "proc"])
def test_an_output_that_cannot_be_written_is_3_in_every_command(
    codef: Codef, clip: Path, field: Path, tmp_path: Path, kind: str
) -> None:
    if kind == "proc" and not Path("/proc/self").exists():
        pytest.skip("this system has no /proc")
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    place = tmp_path / "file" / "x" if kind == "below a file" else Path("/proc/codef/x")
    points = tmp_path / "points.json"
    points.write_text('[{"frame": 1001, "x": 20.5, "y": 20.5}]', encoding="utf-8")
    edit = tmp_path / "edit.png"
    assert codef("canonical", field, "-o", edit).code == 0
    make_clip(tmp_path / "S" / "S")
    document = write_graph(
        tmp_path,
        clip,
        Propagate=node("Paint", {"image": "Clip"}),
        Write=node("WriteSequence", {"image": "Clip"}, file=str(place / "o.%04d.png")),
    )
    before = tree_of(tmp_path)
    for command in (
        ("fit", clip, "--steps", 1, "-o", place / "F"),
        ("canonical", field, "-o", place / "c.exr"),
        ("canonical", field, "-o", place / "c.png"),
        ("propagate", field, "--edit", edit, "-o", place / "o.%04d.png"),
        ("reconstruct", field, "-o", place / "o.%04d.exr"),
        ("stmap", field, "-o", place / "o.%04d.exr"),
        ("track", field, "--points", points, "-o", place / "t.json"),
        ("import-sequence", tmp_path / "S", "-o", place / "g.codef"),
        ("render", document),
    ):
        error = refused(codef(*command, "--json"), 3, "cannot be", "choose another place")
        assert str(place.parent) in error["file"]
    assert tree_of(tmp_path) == before


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, resource.RLIM_INFINITY))
from codef_nodes.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *(str(argument) for argument in arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@POSIX
@pytest.mark.parametrize("command", ["fit", "propagate", "render"])
def test_a_full_disk_leaves_nothing_half_written(
    codef: Codef, clip: Path, field: Path, tmp_path: Path, command: str
) -> None:
    edit = tmp_path / "edit.exr"
    assert codef("canonical", field, "-o", edit).code == 0
    document = write_graph(tmp_path, clip)
    before = tree_of(tmp_path)
    arguments: list[object] = [command, document, "--cache", tmp_path / "cache"]
    if command == "propagate":
        arguments = [command, field, "--edit", edit, "-o", tmp_path / "out" / "o.%04d.png"]
    if command == "fit":
        arguments = [command, clip, "--steps", 1, "-o", tmp_path / "F"]
    with start("-c", LIMITED, *arguments, "--json") as process:
        out, err = process.communicate(timeout=120)
    error = refused(Answer(process.returncode, out, err), 3)
    assert str(tmp_path) in error["file"]
    assert ".part" not in error["message"] + error["file"]
    left = [name for name in tree_of(tmp_path) if not name.startswith("cache")]
    assert [name for name in left if name not in (*before, "out")] == []


def killed(process: subprocess.Popen[str], when: Callable[[], bool]) -> None:
    """Kills a process as soon as something is true."""
    while process.poll() is None and not when():
        time.sleep(0.001)
    process.kill()
    process.communicate(timeout=30)


@POSIX
@pytest.mark.parametrize("command", ["reconstruct", "stmap", "render"])
def test_a_writer_that_was_killed_leaves_no_litter_after_the_next_run(
    codef: Codef, field: Path, tmp_path: Path, command: str
) -> None:
    make_clip(tmp_path / "clip", tuple(range(1001, 1013)))
    document = write_graph(
        tmp_path,
        Big=node("ImageOperation", {"image": "Clip"}, operation="upscale", upscale_factor=4.0),
        Write=node("WriteSequence", {"image": "Big"}, file="out/o.%04d.exr"),
    )
    pattern = tmp_path / "out" / "o.%04d.exr"
    arguments: list[object] = [command, field, "-o", pattern]
    if command == "render":
        arguments = [command, document]
    out = tmp_path / "out"
    with start("-m", "codef_nodes", *arguments) as process:
        killed(process, lambda: out.is_dir() and any("part" in f.name for f in out.iterdir()))
    left = [file.name for file in out.iterdir()]
    # The very moment may be missed; what a writer leaves is then laid there by hand.
    if not any(".part" in name for name in left):
        part_of_a_dead_writer(out, process.pid)
    assert codef(*arguments).code == 0
    assert all(file.name.startswith("o.1") for file in out.iterdir())


def part_of_a_dead_writer(folder: Path, pid: int) -> None:
    from engine.io.atomic import beside

    name = beside(folder / "o.1001.exr").name.replace(f"-{os.getpid()}-", f"-{pid}-")
    (folder / name).write_bytes(b"half")


OFTEN = """
import sys
import engine.fit.checkpoint
engine.fit.checkpoint.EVERY = 0.0
from codef_nodes.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@POSIX
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_fit_in_a_document_goes_on_where_it_was_stopped(
    codef: Codef, tmp_path: Path, number: signal.Signals
) -> None:
    make_clip(tmp_path / "clip")
    steps = 400
    document = write_graph(tmp_path, Fit=node("FitCoDeF", {"clip": "Clip"}, steps=steps))
    cache = tmp_path / "cache"
    arguments = ("render", document, "--node", "Still", "--cache", cache, "--json")
    with start("-c", OFTEN, *arguments) as process:
        while process.poll() is None and not list(cache.glob("fits/*/checkpoint.safetensors")):
            time.sleep(0.005)
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == (5 if number == signal.SIGTERM else -number)
    assert not list(tmp_path.glob("shot_Fit_fit_v*"))
    answer = codef(*arguments)
    assert answer.code == 0
    assert any("goes on" in warning for warning in answer.last["warnings"])
    told = json.loads((tmp_path / "shot_Fit_fit_v001" / "field.json").read_text(encoding="utf-8"))
    assert told["report"]["steps"] == steps
    assert len(told["report"]["psnr_curve"]) < steps  # the passes of this run only
    assert list((cache / "fits").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cache",
        "clip",
        "shot.codef",
        "shot_Fit_fit_v001",
    ]


def test_a_cache_that_cannot_be_written_stops_no_render(
    codef: Codef, clip: Path, tmp_path: Path
) -> None:
    document = write_graph(tmp_path, clip, Flow=node("OpticalFlow", {"image": "Clip"}))
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for name in ("Write", "Flow"):
        arguments = ("--node", name, "--cache", tmp_path / "file" / "x", "--json")
        answer = codef("render", document, *arguments)
        assert answer.code == 0, answer.err
    assert any("disk cache" in warning for warning in answer.last["warnings"])


@POSIX
def test_a_killed_fit_goes_on_with_resume_although_its_length_is_another(
    codef: Codef, clip: Path, tmp_path: Path
) -> None:
    target = tmp_path / "F"
    with start("-c", OFTEN, "fit", clip, "--seconds", 60, "-o", target) as process:
        while process.poll() is None and not list(tmp_path.glob(".F.checkpoint/checkpoint.*")):
            time.sleep(0.005)
        process.kill()
        process.communicate(timeout=30)
    answer = codef("fit", clip, "--resume", "--seconds", 3, "-o", target, "--json")
    assert answer.code == 0
    assert "warnings" not in answer.last
    assert len(answer.last["psnr_curve"]) < answer.last["steps"]  # the passes of this run only
    assert [entry.name for entry in tmp_path.iterdir()] == ["F"]


def spoilt(document: Path, change: Callable[[dict[str, Any]], object]) -> None:
    tree = json.loads(document.read_text(encoding="utf-8"))
    change(tree)
    document.write_text(json.dumps(tree), encoding="utf-8")


def cycle(tree: dict[str, Any]) -> None:
    tree["nodes"]["A"] = node("ImageOperation", {"image": "B"})
    tree["nodes"]["B"] = node("ImageOperation", {"image": "A"})
    tree["nodes"]["Write"]["inputs"]["image"] = "A"


def newer(tree: dict[str, Any]) -> None:
    tree["codef"]["schema"] = 99


def stranger(tree: dict[str, Any]) -> None:
    tree["nodes"]["Paint"]["type"] = "Alien"


def wrong_value(tree: dict[str, Any]) -> None:
    tree["nodes"]["Fit"]["knobs"]["steps"] = "many"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (cycle, "A -> B -> A"),
        (newer, "schema 99"),
        (stranger, "Alien"),
        (wrong_value, "Fit.steps"),
    ],
)
def test_a_document_that_cannot_run_is_2_and_stays_as_it_is(
    codef: Codef,
    clip: Path,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], None],
    named: str,
) -> None:
    document = write_graph(tmp_path, clip)
    spoilt(document, change)
    before, files = document.read_bytes(), tree_of(tmp_path)
    error = refused(codef("render", document, "--json"), 2)
    if change is cycle:
        assert any(ring in error["message"] for ring in ("A -> B -> A", "B -> A -> B"))
    else:
        assert named in error["message"]
    assert error["node"] or error["file"]
    assert document.read_bytes() == before
    assert tree_of(tmp_path) == files


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1, 2]", bytes(range(256)), b"[" * 100_000, "{}".encode("utf-16")]
)
def test_garbage_is_no_document(codef: Codef, tmp_path: Path, content: bytes) -> None:
    document = tmp_path / "shot.codef"
    document.write_bytes(content)
    error = refused(codef("render", document, "--json"), 2, "no Codef document")
    assert error["file"] == str(document)
    assert document.read_bytes() == content


def test_unknown_knobs_and_nodes_are_kept_in_files_and_refused_in_set(
    codef: Codef, clip: Path, tmp_path: Path
) -> None:
    document = write_graph(tmp_path, clip, Zed=node("Alien", None, q=1))
    spoilt(document, lambda tree: tree["nodes"]["Clip"]["knobs"].update(magic=3))
    answer = codef("render", document, "--node", "Clip", "--frames", 1001, "--json")
    assert answer.code == 0
    warnings = " ".join(answer.last["warnings"])
    assert "magic" in warnings
    assert "Alien" in warnings
    error = refused(codef("render", document, "--set", "Clip.magic=3", "--json"), 2, "magic")
    assert error["node"] == "Clip"
    error = refused(codef("render", document, "--set", "Nope.steps=3", "--json"), 2, "Nope")
    assert error["node"] == "Nope"


def test_a_damaged_painted_frame_is_2_and_an_absent_one_3(
    codef: Codef, field: Path, tmp_path: Path
) -> None:
    pattern = tmp_path / "out" / "o.%04d.png"
    bad = tmp_path / "bad.png"
    bad.write_text("no picture", encoding="utf-8")
    arguments = ("propagate", field, "-o", pattern, "--json", "--edit-frame")
    error = refused(codef(*arguments, f"1003={bad}"), 2, "bad.png")
    assert (error["file"], error["frame"]) == (str(bad), 1003)
    refused(codef(*arguments, f"1003={tmp_path / 'none.png'}"), 3, "none.png")
    assert not (tmp_path / "out").exists()


def test_a_kind_of_file_that_is_never_written_is_2_before_any_work(
    codef: Codef, clip: Path, field: Path, tmp_path: Path
) -> None:
    pattern = tmp_path / "o.%04d.xyz"
    error = refused(codef("reconstruct", field, "-o", pattern, "--json"), 2, ".exr")
    assert error["file"] == str(pattern)
    document = write_graph(
        tmp_path, clip, Write=node("WriteSequence", {"image": "Propagate"}, file="o.%04d.xyz")
    )
    refused(codef("render", document, "--json"), 2, ".exr")
