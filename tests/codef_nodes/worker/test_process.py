"""A real worker process: who gets in, what ends it, and that nothing of it is left."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codef_nodes.worker import runfolder
from codef_nodes.worker.client import Client
from codef_nodes.worker.protocol import MAX_FRAME, WorkerError, decode, encode
from codef_nodes.worker.spawn import command, spawn
from codef_nodes.worker.transport import connect
from engine.errors import DeviceError
from tests.codef_nodes.worker.harness import clip_document, opened, slow_document

ROOT = Path(__file__).resolve().parents[3]
SOON = 120.0


@pytest.fixture
def started():
    """A worker process that nobody has connected to yet."""
    process = spawn("view")
    yield process
    process.end()


def said(line, message):
    """Says something and gives the answer; None where the line was closed."""
    try:
        line.send(message if isinstance(message, bytes) else encode(message))
        body = line.receive(time.monotonic() + SOON)
    except OSError as error:
        assert not isinstance(error, TimeoutError), "the line stayed open without an answer"
        return None
    return None if body is None else decode(body)


def hello(process, token=None):
    """A line on which the token was said, and the answer."""
    line = connect(process.address)
    return line, said(line, {"hello": 1, "token": process.token if token is None else token})


def wait_for(condition, seconds=SOON):
    """Waits until something is so."""
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


def is_running(pid):
    """Whether a process works or waits; one that only waits to be reaped does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_the_right_token_gets_in_and_a_ping_is_answered(started):
    line, answer = hello(started)
    assert answer["hello"] == 1 and answer["role"] == "view"
    assert answer["pid"] == started.process.pid
    assert said(line, {"id": 7, "verb": "ping"}) == {"id": 7, "ok": {}}
    line.close()


STRANGERS = {
    "none": {"hello": 1},
    "empty": {"hello": 1, "token": ""},
    "wrong": {"hello": 1, "token": "f" * 32},
    "number": {"hello": 1, "token": 5},
    "request": {"id": 1, "verb": "ping"},
    "binary": b"\xff\xfe nonsense",
    "list": b"[1, 2]",
    "deep": b"[" * 200_000,
}


def test_whoever_does_not_know_the_token_is_shut_out_and_harms_nobody(started):
    for name, first in STRANGERS.items():
        line = connect(started.address)
        assert said(line, first) is None, name
        line.close()
    line, answer = hello(started)
    assert answer is not None
    line.close()


def test_a_wrong_version_is_shut_out(started):
    line = connect(started.address)
    assert said(line, {"hello": 2, "token": started.token}) is None
    line.close()


def test_a_stranger_who_says_nothing_does_not_keep_the_window_out(started):
    silent = [connect(started.address) for _ in range(4)]
    silent[0].send  # noqa: B018 - they only stay connected
    drip = socket.socket(socket.AF_UNIX)
    drip.connect(started.address)
    drip.send(b"\x00")
    line, answer = hello(started)
    assert answer is not None
    for each in silent:
        each.close()
    drip.close()
    line.close()


def test_there_is_room_for_one_client_only(started):
    line, _ = hello(started)
    try:
        second, answer = hello(started)
        second.close()
    except OSError:
        answer = None  # the door is gone already
    assert answer is None
    assert said(line, {"id": 1, "verb": "ping"}) == {"id": 1, "ok": {}}
    line.close()


@pytest.mark.parametrize(
    "bytes_",
    [
        struct.pack(">I", MAX_FRAME + 1),
        struct.pack(">I", 0xFFFFFFFF) + b"x" * 100,
        struct.pack(">I", 4) + b"\xff\xfe\xfd\xfc",
        struct.pack(">I", 8) + b'{"id": N',
        struct.pack(">I", 0),
    ],
    ids=["too long", "far too long", "no text", "no JSON", "empty"],
)
def test_nonsense_on_the_line_ends_the_worker(started, bytes_):
    line, _ = hello(started)
    line._socket.sendall(bytes_)
    assert started.process.wait(SOON) == 0
    wait_for(lambda: not started.run_dir.exists())
    line.close()


SENSELESS = [
    {},
    {"verb": "ping"},
    {"id": "x", "verb": "ping"},
    {"id": True, "verb": "ping"},
    {"id": 1, "verb": 5},
    {"id": 1, "verb": "exec", "args": {"code": "1"}},
    {"id": 1, "verb": "ping", "args": [1]},
    {"id": 1, "verb": "view", "args": {"node": "x"}},
    {"id": 1, "verb": "cancel", "args": {}},
    {"id": 1, "verb": "open", "args": {"tree": {"codef": 5}}},
    {"id": 1, "verb": "open", "args": {"tree": [], "drafts": 3}},
    {"id": 1, "verb": "edit", "args": {"edits": [{"put": ["nodes", "x", "y"]}]}},
]


def test_a_request_that_makes_no_sense_is_answered_and_the_next_one_works(started):
    line, _ = hello(started)
    for message in SENSELESS:
        answer = said(line, message)
        assert answer["error"]["code"] in (1, 2) and answer["error"]["message"], message
        assert said(line, {"id": 2, "verb": "ping"}) == {"id": 2, "ok": {}}
    line.close()


def test_the_worker_ends_and_tidies_up_when_the_line_closes(started):
    line, _ = hello(started)
    assert started.run_dir.is_dir()
    line.close()
    assert started.process.wait(SOON) == 0
    assert not started.run_dir.exists()


def test_shutdown_is_answered_and_ends_it(started):
    line, _ = hello(started)
    assert said(line, {"id": 1, "verb": "shutdown"}) == {"id": 1, "ok": {}}
    assert started.process.wait(SOON) == 0
    line.close()


def test_sigterm_ends_it_and_leaves_nothing(started):
    line, _ = hello(started)
    started.process.send_signal(signal.SIGTERM)
    started.process.wait(SOON)
    wait_for(lambda: not started.run_dir.exists())
    line.close()


def test_without_a_token_it_does_not_start():
    done = subprocess.run(
        command("view"), stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 2 and "started by the window" in done.stderr
    assert done.stdout == ""


def test_a_worker_that_cannot_start_says_so(monkeypatch):
    monkeypatch.setattr(
        "codef_nodes.worker.spawn.command", lambda *_: [sys.executable, "-c", "raise SystemExit(3)"]
    )
    with pytest.raises(DeviceError, match="ended before it was ready"):
        spawn("view")


def test_only_this_person_can_look_into_the_folder(started):
    assert started.run_dir.stat().st_mode & 0o777 == 0o700
    assert started.run_dir.parent.stat().st_mode & 0o777 == 0o700
    assert Path(started.address).stat().st_mode & 0o777 == 0o600
    words = Path(f"/proc/{started.process.pid}/cmdline").read_bytes()
    assert started.token.encode() not in words, "the command line can be read by everybody"


def test_a_worker_killed_in_the_middle_is_told_and_leaves_no_folder(tmp_path):
    states = []
    client = Client("view", on_state=states.append)
    opened(client, slow_document(tmp_path / "clip"))
    begun = []
    call = client.request(
        "view",
        {"node": "Flow", "frame": 1, "slot": "frame"},
        event=lambda name, data: begun.append(name),
    )
    wait_for(lambda: begun)
    folder = client.run_dir
    os.kill(client.pid, signal.SIGKILL)
    with pytest.raises(WorkerError, match="nothing of yours is lost"):
        call.result(SOON)
    wait_for(lambda: states == ["ready", "dead"])
    assert not folder.exists()
    with pytest.raises(WorkerError):
        client.request("ping").result(SOON)
    client.close()


def test_a_killed_window_leaves_no_worker_behind(tmp_path):
    program = (
        "import os, sys, time\n"
        "from codef_nodes.worker.client import Client\n"
        "clients = [Client('view'), Client('jobs')]\n"
        "assert all(client.wait_ready() for client in clients)\n"
        "print(*[client.pid for client in clients], flush=True)\n"
        "time.sleep(100)\n"
    )
    window = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    pids = [int(each) for each in window.stdout.readline().split()]
    assert len(pids) == 2 and all(is_running(pid) for pid in pids)
    window.kill()
    window.wait()
    window.stdout.close()
    wait_for(lambda: not any(is_running(pid) for pid in pids))


def test_a_window_killed_before_it_connects_leaves_no_worker_behind():
    program = (
        "import os, signal\n"
        "from codef_nodes.worker.spawn import spawn\n"
        "process = spawn('view')\n"
        "print(process.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    window = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    pid = int(window.stdout.readline())
    window.wait()
    window.stdout.close()
    wait_for(lambda: not is_running(pid))


def test_the_folder_of_a_killed_worker_is_swept_by_the_next_one():
    killed = spawn("view")
    killed.process.kill()
    killed.process.wait()
    assert killed.run_dir.exists()
    other = spawn("view")
    try:
        assert not killed.run_dir.exists()
        assert other.run_dir.exists(), "it swept itself away"
        third = spawn("view")
        assert other.run_dir.exists(), "a living worker's folder was swept"
        third.end()
    finally:
        other.end()
        killed.end()
    assert runfolder.base_folder().is_dir()


def test_a_second_after_close_no_process_is_left(tmp_path):
    client = Client("view")
    opened(client, clip_document(tmp_path), tmp_path / "shot.codef")
    pid = client.pid
    client.request("view", {"node": "Grade", "frame": 1001, "slot": "frame"}).result(SOON)
    client.close()
    assert not is_running(pid)


def test_the_clients_side_imports_nothing_heavy():
    program = (
        "import json, sys\n"
        "import codef_nodes.worker.client\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(json.loads(done.stdout))
    assert modules & {"numpy", "torch", "numba", "cv2", "OpenImageIO", "PySide6"} == set()
