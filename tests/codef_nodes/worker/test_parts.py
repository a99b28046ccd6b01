"""The parts of a worker alone: messages, both kinds of line, folders, shared pictures, cropping."""

import errno
import math
import multiprocessing.connection
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codef_nodes.worker import runfolder, transport
from codef_nodes.worker.args import Args
from codef_nodes.worker.cropping import crop
from codef_nodes.worker.pictures import SharedPictures
from codef_nodes.worker.protocol import (
    MAX_FRAME,
    ProtocolError,
    WorkerError,
    decode,
    encode,
    encode_gently,
    error_from_json,
    error_to_json,
)
from codef_nodes.worker.verbs import load_verbs, verb
from engine.errors import MissingFrameError, UsageError, WriteError
from engine.io.picture import Window

json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)
    )
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_any_message_comes_back_the_same_by_both_ways(message):
    assert decode(encode(message)) == message
    assert decode(encode_gently(message)) == message


def test_names_of_files_that_are_no_text_survive():
    name = b"shot\xff.png".decode("utf-8", "surrogateescape")
    assert decode(encode({"file": name})) == {"file": name}


def test_numbers_that_are_not_finite_become_null():
    assert decode(encode({"mean": [1.0, math.nan], "max": math.inf})) == {
        "mean": [1.0, None],
        "max": None,
    }
    with pytest.raises(ProtocolError):
        decode(b'{"x": NaN}')


@pytest.mark.parametrize("message", [{"x": object()}, {"x": "y" * (MAX_FRAME + 1)}])
def test_what_cannot_be_sent_is_refused(message):
    for way in (encode, encode_gently):
        with pytest.raises(ProtocolError):
            way(message)


def test_errors_keep_all_that_they_say():
    error = MissingFrameError("frame 7 is missing", file="a.exr", frame=7, node="Clip")
    told = error_from_json(decode(encode(error_to_json(error))))
    assert isinstance(told, WorkerError)
    assert told.as_dict() == error.as_dict()
    assert error_from_json("nonsense").code == 1


def lines(kind):
    """Two ends of a line."""
    folder = runfolder.RunFolder()
    if kind == "socket":
        listener = transport.listen(folder.path)
        connect = transport.connect
    else:  # the way of Windows, over what this machine has
        listener = transport.PipeListener(str(folder.path / "p"), "AF_UNIX")

        def connect(address):
            return transport.PipeLine(multiprocessing.connection.Client(address, "AF_UNIX"))

    ends = []
    thread = threading.Thread(target=lambda: ends.append(listener.accept()))
    thread.start()
    here = connect(listener.address)
    thread.join()
    listener.close()
    folder.close()
    return here, ends[0]


@pytest.mark.parametrize("kind", ["socket", "pipe"])
class TestLines:
    def test_messages_arrive_whole_and_in_order(self, kind):
        here, there = lines(kind)
        bodies = [b"", b"x", b"y" * 3_000_000, b"z"]
        thread = threading.Thread(target=lambda: [here.send(body) for body in bodies])
        thread.start()
        assert [there.receive() for _ in bodies] == bodies
        thread.join()
        here.close()
        assert there.receive() is None
        there.close()

    def test_who_waits_gives_up_in_time(self, kind):
        here, there = lines(kind)
        with pytest.raises(TimeoutError):
            there.receive(time.monotonic() + 0.05)
        here.send(b"late")
        assert there.receive() == b"late"
        here.close(), there.close()

    def test_a_message_that_is_too_long_is_refused_before_it_is_read(self, kind):
        here, there = lines(kind)
        thread = threading.Thread(target=self.flood, args=(here,))
        thread.start()
        with pytest.raises(ProtocolError):
            there.receive()
        there.close()
        thread.join()
        here.close()

    @staticmethod
    def flood(line):
        """Sends more than may be sent, as far as the other side takes it."""
        try:
            line.send(bytes(MAX_FRAME + 1))
        except OSError as error:
            assert error.errno in (errno.EPIPE, errno.ECONNRESET)


def test_a_thread_that_waits_for_a_message_wakes_when_the_line_is_closed():
    here, there = lines("socket")
    got = []
    thread = threading.Thread(target=lambda: got.append(there.receive()))
    thread.start()
    there.close()
    thread.join(5)
    assert got == [None]
    here.close()


def test_a_base_folder_that_somebody_else_made_is_not_used(tmp_path, monkeypatch):
    place = tmp_path / "shm"
    place.mkdir()
    monkeypatch.setattr(runfolder, "_places", lambda: [place])
    ours = runfolder.base_folder()
    assert ours.parent == place and ours.stat().st_mode & 0o777 == 0o700
    ours.rmdir()
    (tmp_path / "elsewhere").mkdir()
    ours.symlink_to(tmp_path / "elsewhere")
    other = runfolder.base_folder()
    assert other != ours, "a link of somebody else was followed"
    other.rmdir()


@pytest.fixture
def shared(tmp_path):
    """Shared pictures with room for ten small ones."""
    pictures = SharedPictures(tmp_path, budget=10 * 4 * 4 * 3 * 4)
    yield pictures
    pictures.clear()
    assert list(tmp_path.iterdir()) == []


def test_a_shared_picture_holds_its_pixels_however_they_lie_in_memory(shared):
    pixels = np.random.default_rng(1).random((8, 8, 3)).astype(np.float64)[::2, ::-2]
    file, _ = shared.share(pixels)
    assert np.array_equal(np.fromfile(file, np.float32).reshape(4, 4, 3), pixels.astype("f4"))
    shared.share(np.zeros((0, 0, 3), np.float32))


def test_released_files_are_written_again_under_another_name(shared, tmp_path):
    first, _ = shared.share(np.ones((4, 4, 3)))
    inode = Path(first).stat().st_ino
    assert shared.release(first) and not shared.release(first)
    second, _ = shared.share(np.full((4, 4, 3), 2.0))
    assert second != first and Path(second).stat().st_ino == inode
    assert (np.fromfile(second, np.float32) == 2).all() and len(shared) == 1
    assert not shared.release("/etc/passwd") and Path("/etc/passwd").exists()


def test_forgotten_pictures_go_oldest_first_and_mapped_ones_stay_readable(shared):
    oldest, _ = shared.share(np.zeros((4, 4, 3)))
    mapped = np.memmap(oldest, np.float32, "r")
    files = [shared.share(np.full((4, 4, 3), float(n)))[0] for n in range(10)]
    assert not Path(oldest).exists() and all(Path(file).exists() for file in files)
    assert (mapped == 0).all() and len(shared) == 10


def test_a_full_disk_is_an_error_that_says_what_to_do(shared, monkeypatch):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(WriteError, match="make room"):
        shared.share(np.zeros((4, 4, 3)))
    monkeypatch.undo()
    assert len(shared) == 0


@given(
    st.integers(-9, 9),
    st.integers(-9, 9),
    st.integers(1, 20),
    st.integers(1, 20),
    st.tuples(*[st.integers(-30, 30)] * 4),
    st.sampled_from([1, 2, 4, 8]),
)
def test_cropping_equals_the_plain_mean_of_each_block(x, y, width, height, region, scale):
    pixels = np.random.default_rng(0).random((height, width, 2)).astype(np.float32)
    data = Window(x, y, x + width, y + height)
    part, box = crop(pixels, data, region, scale)
    inner = (max(x, region[0]), max(y, region[1]))
    outer = (min(x + width, region[2]), min(y + height, region[3]))
    if inner[0] >= outer[0] or inner[1] >= outer[1]:
        assert part.size == 0
        return
    assert all(edge % scale == 0 for edge in box) or scale == 1
    assert box[0] <= inner[0] < box[0] + scale and box[2] - scale < outer[0] <= box[2]
    for j in range(part.shape[0]):
        for i in range(part.shape[1]):
            x0, y0 = box[0] + i * scale, box[1] + j * scale
            block = pixels[
                max(y0 - y, 0) : max(y0 + scale - y, 0), max(x0 - x, 0) : max(x0 + scale - x, 0)
            ]
            np.testing.assert_allclose(part[j, i], block.mean((0, 1)), rtol=1e-5)


def test_arguments_of_the_wrong_kind_are_named():
    args = Args("view", {"node": 5, "frame": 1.5, "box": [0, 1], "keep": 1, "points": [[1]]})
    for take in (
        lambda: args.text("node"),
        lambda: args.frame(),
        lambda: args.box("box"),
        lambda: args.flag("keep"),
        lambda: args.points("points"),
        lambda: args.text("absent"),
        lambda: args.integer("keep2"),
    ):
        with pytest.raises(UsageError, match="'view' needs"):
            take()
    assert Args("v", {"b": [0.2, 1, 2.5, 3]}).box("b") == (0, 1, 3, 3)
    assert Args("v", {"a": None}).integer("a", 4) == 4


def test_verbs_are_a_closed_list_by_role():
    view, jobs = load_verbs("view"), load_verbs("jobs")
    both = {"open", "edit", "relocate", "drafts", "ping", "status", "cancel", "release"}
    assert both | {"pause", "resume", "stop", "shutdown"} <= view.keys() & jobs.keys()
    of_view = {"view", "info", "faces", "cached", "sample", "map", "overlay"}
    of_view |= {f"paint.{what}" for what in ("begin", "extend", "end", "abort")}
    of_jobs = {"render", "fit", "export", "place"}
    assert of_view <= view.keys() and not of_view & jobs.keys()
    assert of_jobs <= jobs.keys() and not of_jobs & view.keys()
    of_hosts = {name for name in load_verbs("all") if name.startswith("host.")}
    assert of_hosts and not of_hosts & (load_verbs("view").keys() | load_verbs("jobs").keys())
    assert load_verbs("all").keys() == view.keys() | jobs.keys() | of_hosts


def test_every_verb_is_described():
    text = (Path(__file__).resolve().parents[3] / "docs" / "protocol.md").read_text("utf-8")
    assert [name for name in load_verbs("all") if f"`{name}`" not in text] == []


def test_two_modules_cannot_list_the_same_verb():
    def other(worker, args, task, emit):
        return {}

    with pytest.raises(UsageError, match="two modules"):
        verb("ping")(other)
    with pytest.raises(UsageError, match="no such role"):
        verb("new", role="nobody")
