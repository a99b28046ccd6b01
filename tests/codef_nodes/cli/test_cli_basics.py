"""What holds for every command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from codef_nodes.cli.app import COMMANDS
from codef_nodes.cli.clock import process_started
from codef_nodes.cli.failures import as_codef_error
from codef_nodes.cli.progress import Bar, LogLines, duration, sentence
from engine.errors import DeviceError, InputError, WriteError
from engine.progress import Progress
from tests.codef_nodes.cli.tinyclip import Codef

ROOT = Path(__file__).parents[3]


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, timeout=60
    )


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    program = (
        "import sys; from codef_nodes.__main__ import main; main(['--help']); "
        "print(sorted({'torch', 'numba', 'cv2', 'av', 'OpenImageIO'} & set(sys.modules)))"
    )
    done = python("-c", program)
    assert done.returncode == 0
    for command in COMMANDS:
        assert command.replace("_", "-") in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_catalogue_loads_nothing_heavy() -> None:
    program = (
        "import sys; from codef_nodes.__main__ import main; main(['nodes', '--json']); "
        "print(sorted({'torch', 'numba', 'cv2', 'av', 'OpenImageIO'} & set(sys.modules)))"
    )
    assert python("-c", program).stdout.splitlines()[-1] == "[]"


def test_the_module_and_the_function_are_the_same_program(codef: Codef) -> None:
    done = python("-m", "codef_nodes", "nodes", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[-1]) == codef("nodes", "--json").last


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["fit"], ["canonical", "FIELD"], ["nodes", "--magic"], ["nodes", "Magic"]],
)
def test_wrong_usage_is_2_with_a_sentence_and_no_traceback(
    codef: Codef, arguments: list[str]
) -> None:
    answer = codef(*arguments)
    assert answer.code == 2
    assert "codef: " in answer.err
    assert "Traceback" not in answer.err


def test_json_failures_have_all_five_members(codef: Codef, tmp_path: Path) -> None:
    answer = codef("canonical", tmp_path / "none", "-o", "x.exr", "--json")
    assert answer.code == 3
    assert set(answer.last["error"]) == {"code", "message", "file", "frame", "node"}
    assert answer.last["error"]["file"] == str(tmp_path / "none")


def test_debug_shows_where_an_error_came_from(codef: Codef, tmp_path: Path) -> None:
    assert "Traceback" in codef("check", tmp_path / "none", "--debug").err


def test_the_catalogue_explains_every_knob_in_a_sentence(codef: Codef) -> None:
    nodes = codef("nodes", "--json").last["nodes"]
    types = {node["type"] for node in nodes}
    assert types >= {
        "LoadSequence",
        "OpticalFlow",
        "MaskGroup",
        "FitCoDeF",
        "CanonicalView",
        "Paint",
        "ImageOperation",
        "Propagate",
        "WriteSequence",
        "Switch",
        "Merge",
        "Viewer",
    }
    for node in nodes:
        for described in (node, *node["inputs"], *node["knobs"]):
            assert described["help"].endswith("."), described
            assert not described["help"][0].islower(), described


def test_one_node_can_be_asked_for_by_an_alias(codef: Codef) -> None:
    answer = codef("nodes", "read")
    assert answer.code == 0
    assert answer.out.startswith("LoadSequence")
    assert "missing  [error|hold|nearest|black" in answer.out


def test_devices_tell_what_is_there(codef: Codef) -> None:
    told = codef("devices", "--json").last
    assert told["devices"][0] == "cpu"
    assert 1 <= told["cpu"]["threads"] <= told["cpu"]["cores"]
    assert told["memory"] > 2**28
    import torch

    assert told["torch"]["version"] == torch.__version__
    kernels = told["kernels"][0]
    assert kernels["device"] == "cpu"
    assert kernels["operations"] == {
        "encode": "numba",
        "network": "torch",
        "lattice": "numba",
        "sample": "numba",
        "adam": "numba",
        "register": "numba",
        "solve": "numba",
        "place": "numba",
        "read": "numba",
        "merge": "torch",
    }
    known = {each["name"]: each for each in kernels["implementations"]}
    assert known["numba"]["problem"] == "" and known["numba"]["version"]
    assert known["tinycudann"]["problem"] in ("not installed", "made for NVIDIA cards")
    assert len(told["cards"]) == (torch.cuda.device_count() if torch.cuda.is_available() else 0)


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        f'"{sys.executable}" -m codef_nodes nodes | head -1',
        shell=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert "Traceback" not in done.stderr


def test_a_full_disk_and_lost_memory_have_codes_of_their_own() -> None:
    full = as_codef_error(OSError(28, "No space left on device", "/x/y.exr"))
    assert isinstance(full, WriteError)
    assert full.code == 3 and full.file == "/x/y.exr" and "full" in full.message
    assert isinstance(as_codef_error(FileNotFoundError(2, "No such file", "/x")), InputError)
    assert isinstance(as_codef_error(MemoryError()), DeviceError)
    assert as_codef_error(ZeroDivisionError("oops")).code == 1


def test_the_start_of_the_process_lies_before_its_first_line() -> None:
    program = (
        "import time; first = time.monotonic(); "
        "from codef_nodes.cli.clock import process_started; "
        "print(first - process_started(first))"
    )
    before = float(python("-c", program).stdout)
    assert 0 <= before < 30
    assert process_started(1.0) == 1.0  # nonsense is not believed


def test_progress_reads_well() -> None:
    report = Progress(0.423, "fit", 187.2, {"step": 12, "psnr": 31.234})
    assert sentence(report) == " 42%  fit  step 12  31.23 dB  3:07 left"
    assert [duration(seconds) for seconds in (0.4, 59, 61, 3725)] == [
        "0 s",
        "59 s",
        "1:01",
        "1:02:05",
    ]


def test_a_log_gets_few_lines_and_a_terminal_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    log, bar = LogLines(sys.stdout, every=60), Bar(sys.stderr, every=0)
    for step in range(50):
        for meter in (log, bar):
            meter(Progress(step / 50, "fit"))
    bar.finish()
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert "\n" not in said.err and said.err.endswith("\r\x1b[K")


def test_foreign_letters_survive_a_terminal_that_has_none(tmp_path: Path) -> None:
    name = "Größe 東京"
    done = subprocess.run(
        [sys.executable, "-m", "codef_nodes", "check", str(tmp_path / name), "--json"],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        timeout=60,
    )
    assert done.returncode == 3
    assert json.loads(done.stdout.splitlines()[-1])["error"]["file"].endswith(name)
    assert b"Traceback" not in done.stderr


def test_a_render_counts_its_frames():
    told = sentence(Progress(0.25, "Write", None, {"frame": 3.0, "frames": 8.0}))
    assert told.split("  ")[1:] == ["Write", "frame 3 of 8"]
