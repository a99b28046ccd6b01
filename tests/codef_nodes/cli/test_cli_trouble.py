"""Full disks, killed processes, work that goes on later."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.codef_nodes.cli.tinyclip import Codef, make_clip

ROOT = Path(__file__).parents[3]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="uses signals and limits of POSIX")
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, resource.RLIM_INFINITY))
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


def stop_in_the_fit(clip: Path, target: Path, number: signal.Signals) -> tuple[int, str]:
    """Begins a long fit, sends a signal when it is under way; exit code and standard output."""
    with start(
        "-m", "codef_nodes", "fit", clip, "--seconds", 120, "-o", target, "--json"
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "fit" in line:
                break
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
    return process.returncode, out


@POSIX
def test_a_cancelled_fit_goes_on_with_resume(codef: Codef, clip: Path, tmp_path: Path) -> None:
    code, out = stop_in_the_fit(clip, tmp_path / "F", signal.SIGTERM)
    assert code == 5
    assert "--resume" in json.loads(out.splitlines()[-1])["error"]["message"]
    assert not (tmp_path / "F").exists()
    answer = codef("fit", clip, "--resume", "--steps", 2, "-o", tmp_path / "F", "--json")
    assert answer.code == 0
    assert "no checkpoint" not in answer.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["F"]


@POSIX
def test_a_killed_fit_leaves_no_field_and_does_not_hinder_the_next(
    codef: Codef, clip: Path, tmp_path: Path
) -> None:
    code, _ = stop_in_the_fit(clip, tmp_path / "F", signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert not (tmp_path / "F").exists()
    assert codef("fit", clip, "--steps", 1, "-o", tmp_path / "F").code == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["F"]


def test_resume_without_a_checkpoint_says_so_and_fits(
    codef: Codef, clip: Path, tmp_path: Path
) -> None:
    answer = codef("fit", clip, "--resume", "--steps", 1, "-o", tmp_path / "F", "--json")
    assert answer.code == 0
    assert any("anew" in warning for warning in answer.last["warnings"])


@POSIX
@pytest.mark.parametrize(
    "arguments",
    [
        ["reconstruct", "FIELD", "-o", "out/r.%04d.exr"],
        ["reconstruct", "FIELD", "-o", "out/r.%04d.png"],
        ["canonical", "FIELD", "-o", "out/c.tif"],
        ["stmap", "FIELD", "-o", "out/s.%04d.exr"],
        ["fit", "CLIP", "--steps", "1", "-o", "out/F"],
    ],
)
def test_a_disk_that_is_full_is_3_and_nothing_half_written_is_left(
    clip: Path, field: Path, tmp_path: Path, arguments: list[str]
) -> None:
    places = {"FIELD": str(field), "CLIP": str(clip)}
    words = [places.get(word, word) for word in arguments]
    words = [str(tmp_path / word) if word.startswith("out/") else word for word in words]
    with start("-c", LIMITED, *words, "--json") as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 3, err
    assert "cannot be written" in json.loads(out.splitlines()[-1])["error"]["message"]
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


@POSIX
def test_a_log_on_a_full_disk_does_not_stop_the_work(
    clip: Path, field: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "codef_nodes", "check", str(field), "--json"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=120,
        )
    assert json.loads(done.stdout.splitlines()[-1])["ok"] is True


@POSIX
def test_a_render_is_cancelled_with_5_and_leaves_whole_files_only(tmp_path: Path) -> None:
    from engine.io.read import read_picture

    make_clip(tmp_path / "clip", tuple(range(1001, 1051)))
    nodes = {
        "Clip": {"type": "LoadSequence", "knobs": {"file": "clip"}},
        "Slow": {
            "type": "ImageOperation",
            "knobs": {"operation": "upscale", "upscale_factor": 4.0},
            "inputs": {"image": "Clip"},
        },
        "Write": {
            "type": "WriteSequence",
            "knobs": {"file": "out/o.%04d.exr"},
            "inputs": {"image": "Slow"},
        },
    }
    document = tmp_path / "d.codef"
    tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
    document.write_text(json.dumps(tree), encoding="utf-8")
    with start("-m", "codef_nodes", "render", document, "--json") as process:
        while process.poll() is None and not list(tmp_path.glob("out/o.*.exr")):
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    assert json.loads(out.splitlines()[-1])["error"]["code"] == 5
    written = sorted((tmp_path / "out").iterdir())
    assert 0 < len(written) < 50
    for path in written:
        assert path.name.startswith("o.")
        read_picture(path)
