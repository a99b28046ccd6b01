"""The protocol as a product: who gets in, what ends a line, and that nothing listens elsewhere."""

import contextlib
import json
import os
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import plugin
from codef_nodes.cli.install_plugin import program
from tests.codef_nodes.worker.jobkit import make_clip

ROOT = Path(__file__).resolve().parents[2]
SOON = 120.0


class Raw:
    """A worker of the role ``all`` that was started by hand, as docs/protocol.md says."""

    def __init__(self, cache):
        told = program()
        self.process = subprocess.Popen(
            [*told["command"], "worker", "--role", "all", "--cache", str(cache)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=plugin.program_environment(told["environment"]),
        )
        self.token = os.urandom(16).hex()
        self.process.stdin.write(self.token.encode() + b"\n")
        self.process.stdin.flush()
        self.said = json.loads(self.process.stdout.readline())
        self.address, self.run_dir = self.said["address"], Path(self.said["run_dir"])

    def connect(self):
        """A socket to it."""
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(SOON)
        line.connect(self.address)
        return line

    def welcomed(self):
        """A socket on which the right token was said."""
        line = self.connect()
        send(line, {"hello": 1, "token": self.token})
        assert receive(line)["hello"] == 1
        return line

    def end(self):
        """Ends it by closing its standard input."""
        self.process.stdin.close()
        self.process.wait(SOON)
        self.process.stdout.close()


@pytest.fixture
def raw(tmp_path):
    started = Raw(tmp_path / "cache")
    yield started
    started.end()


def send(line, message):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    line.sendall(struct.pack(">I", len(body)) + body)


def receive(line):
    """The next message; None where the line was closed."""
    head = exactly(line, 4)
    return None if head is None else json.loads(exactly(line, struct.unpack(">I", head)[0]))


def exactly(line, count):
    content = b""
    while len(content) < count:
        try:
            piece = line.recv(count - len(content))
        except ConnectionResetError:
            return None
        if not piece:
            return None
        content += piece
    return content


def tcp_and_udp(pids):
    """Addresses of network sockets that processes hold, from the kernel's own lists."""
    held = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                held.add(os.readlink(link))
            except OSError:
                continue
    found = []
    for kind in ("tcp", "tcp6", "udp", "udp6", "udplite", "raw", "packet"):
        table = Path(f"/proc/{pids[0]}/net/{kind}")
        for row in table.read_text().splitlines()[1:] if table.exists() else ():
            words = row.split()
            inode = words[9] if kind != "packet" else words[8]
            if f"socket:[{inode}]" in held:
                found.append((kind, words[1]))
    return found


def family(pid):
    """A process and all below it."""
    below = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                above = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            below.setdefault(above, []).append(int(folder.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += below.get(found[-1], [])
    return found


def test_nothing_listens_but_a_socket_that_only_this_user_can_open(raw, tmp_path):
    # The check itself sees a listening socket where there is one.
    with socket.create_server(("127.0.0.1", 0)):
        assert tcp_and_udp([os.getpid()])
    line = raw.welcomed()
    clip = make_clip(tmp_path / "clip")
    path = str(tmp_path / "a.codef")
    made = {"path": path, "source": str(clip / "shot.%04d.png"), "fit": {"steps": 2}}
    seen = []
    for number, (verb, args) in enumerate(
        [("host.create", made), ("host.watch", {}), ("host.fit", {}), ("host.render", {})]
    ):
        send(line, {"id": number, "verb": verb, "args": args})
        while True:
            message = receive(line)
            seen += tcp_and_udp(family(raw.process.pid))
            if message.get("id") == number and "event" not in message:
                assert "ok" in message, message
                break
    assert seen == []
    # What it listened on until its client came: this user's own, in a folder of this user's own.
    place = Path(raw.address)
    assert raw.run_dir.stat().st_mode & 0o777 == 0o700 and raw.run_dir.stat().st_uid == os.getuid()
    assert not place.exists(), "the door is shut behind the one client"
    line.close()


def test_the_socket_is_private_while_it_waits(raw):
    status = Path(raw.address).stat()
    assert stat.S_ISSOCK(status.st_mode) and status.st_mode & 0o777 == 0o600
    assert tcp_and_udp(family(raw.process.pid)) == []
    listening = [
        row.split()[-1]
        for row in Path("/proc/net/unix").read_text().splitlines()
        if row.endswith(raw.address)
    ]
    assert listening == [raw.address]


STRANGERS = {
    "no token": {"hello": 1},
    "empty token": {"hello": 1, "token": ""},
    "wrong token": {"hello": 1, "token": "0" * 32},
    "token that is no text": {"hello": 1, "token": [1]},
    "another version": {"hello": 99, "token": None},
    "a request at once": {"id": 1, "verb": "host.open", "args": {"path": "/etc/passwd"}},
    "bytes": b"\x00\xff" * 40,
    "no object": b"[]",
    "a web page": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_is_shut_out_and_the_right_client_still_gets_in(raw, name):
    first = STRANGERS[name]
    if name == "another version":
        first = {"hello": 99, "token": raw.token}
    line = raw.connect()
    send(line, first)
    assert receive(line) is None
    line.close()
    raw.welcomed().close()


def test_an_http_request_that_knows_no_length_is_shut_out_too(raw):
    line = raw.connect()
    # "GET " read as a length is 1.2 GB: more than a message may have.
    line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert receive(line) is None
    line.close()
    raw.welcomed().close()


def test_a_slow_stranger_is_given_up_and_does_not_keep_the_right_one_out(raw):
    slow = raw.connect()
    ended = threading.Event()

    def drip():
        body = json.dumps({"hello": 1, "token": raw.token}).encode()
        for byte in struct.pack(">I", len(body)) + body:
            try:
                slow.sendall(bytes([byte]))
            except OSError:
                break
            if ended.wait(0.5):
                break

    thread = threading.Thread(target=drip)
    thread.start()
    began = time.monotonic()
    line = raw.welcomed()
    assert time.monotonic() - began < 4, "the right one had to wait for the slow one"
    send(line, {"id": 1, "verb": "ping"})
    assert receive(line) == {"id": 1, "ok": {}}
    assert receive(slow) is None, "the slow one is shut out after a few seconds"
    ended.set()
    thread.join()
    slow.close()
    line.close()


def test_a_second_client_is_shut_out_even_with_the_token(raw):
    line = raw.welcomed()
    second = socket.socket(socket.AF_UNIX)
    second.settimeout(SOON)
    with contextlib.suppress(OSError):  # the door is gone, or it is shut in the face
        second.connect(raw.address)
        send(second, {"hello": 1, "token": raw.token})
        assert receive(second) is None
    second.close()
    send(line, {"id": 1, "verb": "ping"})
    assert receive(line) == {"id": 1, "ok": {}}
    line.close()


@pytest.mark.parametrize(
    "bytes_",
    [
        struct.pack(">I", plugin.LARGEST + 1),
        b"\xff\xff\xff\xff",
        struct.pack(">I", 5) + b"hello",
        struct.pack(">I", 0),
        struct.pack(">I", 3) + b"NaN",
    ],
    ids=["too long by one", "four gigabytes", "garbage", "empty", "no JSON"],
)
def test_nonsense_ends_the_line_and_the_worker(raw, bytes_):
    line = raw.welcomed()
    line.sendall(bytes_)
    assert raw.process.wait(SOON) == 0
    assert not raw.run_dir.exists()
    line.close()


def test_a_message_of_just_the_largest_size_is_taken(raw):
    line = raw.welcomed()
    head, tail = b'{"id":1,"verb":"ping","args":{"x":"', b'"}}'
    send(line, head + b"x" * (plugin.LARGEST - len(head) - len(tail)) + tail)
    assert receive(line) == {"id": 1, "ok": {}}
    line.close()


def test_the_client_itself_refuses_to_send_more_than_that(tmp_path, monkeypatch):
    file = tmp_path / "codef.json"
    file.write_text(json.dumps(program()))
    worker = plugin.Worker(config=str(file), cache=str(tmp_path / "cache"))
    try:
        with pytest.raises(plugin.CodefError, match="too long"):
            worker.request("ping", {"x": "x" * plugin.LARGEST})
        assert worker.request("ping").wait(SOON) == {}
    finally:
        worker.close()


SENSELESS = [
    ("host.create", {}),
    ("host.create", {"path": "/tmp/x.txt", "source": "/tmp/a.exr"}),
    ("host.create", {"path": 5, "source": "/tmp/a.exr"}),
    ("host.create", {"path": "/tmp/n.codef", "source": "/tmp/a.exr", "fit": {"no_knob": 1}}),
    ("host.create", {"path": "/tmp/n.codef", "source": "/tmp/a.exr", "fit": [1]}),
    ("host.create", {"path": "/tmp/n.codef", "source": "/tmp/a\u0000b.exr"}),
    ("host.open", {"path": "/tmp/absent.codef"}),
    ("host.edit", {"layer": 0}),
    ("host.fit", {}),
    ("host.render", {}),
    ("host.deliver", {"wanted": ["canonical"]}),
    ("host.watch", {}),
    ("exec", {"code": "1"}),
]


def test_a_request_that_makes_no_sense_is_answered_with_one_sentence(raw):
    line = raw.welcomed()
    for number, (verb, args) in enumerate(SENSELESS):
        send(line, {"id": number, "verb": verb, "args": args})
        answer = receive(line)
        error = answer["error"]
        assert answer["id"] == number and error["code"] in (2, 3), (verb, answer)
        assert error["message"] and "\n" not in error["message"]
        assert "Traceback" not in error["message"]
    assert not Path("/tmp/n.codef").exists() and not Path("/tmp/x.txt").exists()
    line.close()


def test_the_window_s_workers_know_no_verbs_for_hosts():
    from codef_nodes.worker.verbs import load_verbs

    program_ = (
        "from codef_nodes.worker.verbs import load_verbs\n"
        "for role in ('view', 'jobs'):\n"
        "    print([name for name in load_verbs(role) if name.startswith('host.')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program_], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
    assert {"host.create", "host.deliver"} <= set(load_verbs("all"))
