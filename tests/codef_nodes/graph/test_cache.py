"""Budgets are kept, damage counts as absent, several processes do not disturb each other."""

import multiprocessing
import os
import time
from pathlib import Path

import numpy as np
import pytest

from codef_nodes.graph import memory
from codef_nodes.graph.cache import MISS, Cache, DiskCache, RamCache, cache_folder
from codef_nodes.graph.codec import CorruptError, NotEncodableError, decode, encode
from codef_nodes.graph.memory import size_of
from engine.flow.pair import FlowPair
from engine.io.picture import Native, Picture, Window

RNG = np.random.default_rng(7)


def picture():
    codes = RNG.integers(0, 1023, (3, 5, 4)).astype(np.uint16)
    return Picture(
        pixels=RNG.random((3, 5, 4), np.float32),
        display=Window(0, 0, 9, 8),
        data=Window(-2, -1, 3, 2),
        pixel_aspect=1.5,
        native=Native(codes, ("R", "G", "B", "A"), "log", 10, "main", {"tc": (1, 2), "x": 1.5}),
        extra=(Native(codes[..., :1].astype(np.float16), ("Z",), "raw", 16, "depth"),),
        changed=RNG.random((3, 5)) > 0.5,
        overlay=RNG.random((3, 5, 4), np.float32),
        metadata={"name": "ü", "list": [1, None], "nested": {"a": (True, 2.5)}},
    )


def round_trip(value):
    return decode(bytearray(b"".join(bytes(piece) for piece in encode(value))))


def test_pictures_come_back_exactly():
    made, found = picture(), round_trip(value := picture())
    del made
    for name in ("pixels", "changed", "overlay"):
        there = getattr(found, name)
        np.testing.assert_array_equal(there, getattr(value, name))
        assert there.dtype == getattr(value, name).dtype and there.flags.writeable
    assert found.under is None
    assert (found.display, found.data, found.pixel_aspect) == (
        value.display,
        value.data,
        value.pixel_aspect,
    )
    assert found.metadata == value.metadata and type(found.metadata["nested"]["a"]) is tuple
    assert found.native.metadata == {"tc": (1, 2), "x": 1.5} and found.native.bits == 10
    np.testing.assert_array_equal(found.extra[0].codes, value.extra[0].codes)
    assert found.extra[0].codes.dtype == np.float16


def test_flows_and_plain_data_come_back_exactly():
    flow = FlowPair(7, RNG.random((2, 3, 2), np.float32), None, None, RNG.random((2, 3)))
    found = round_trip(flow)
    np.testing.assert_array_equal(found.forward, flow.forward)
    assert found.frame == 7 and found.backward is None
    plain = {"a": [np.zeros((0, 4)), np.float32([1, 2])[::-1], np.array(3)], "b": {"k": (1, "x")}}
    found = round_trip(plain)
    assert found["b"] == {"k": (1, "x")} and found["a"][0].shape == (0, 4)
    np.testing.assert_array_equal(found["a"][1], [2, 1])
    assert found["a"][2].shape == () and found["a"][2] == 3


@pytest.mark.parametrize(
    "value", [object(), np.array([object()]), {1: 2}, {"f": print}, {1, 2}, np.float64(1)]
)
def test_what_has_no_form_is_refused_not_pickled(value):
    with pytest.raises(NotEncodableError):
        encode(value)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "head", "other"])
def test_damaged_entry_is_absent_and_removed(tmp_path, damage):
    cache = DiskCache(tmp_path)
    cache.put("ab" * 20, picture())
    (path,) = tmp_path.rglob("*.value")
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[:-7]
    elif damage == "flip":
        content[-5] ^= 1
    elif damage == "empty":
        content = bytearray()
    elif damage == "head":
        content[9] ^= 0x80
    else:
        content = bytearray(b"something else entirely that is longer than a header")
    path.write_bytes(content)
    with pytest.raises(CorruptError):
        decode(bytearray(content))
    assert cache.get("ab" * 20) is MISS
    assert not path.exists()


def test_memory_keeps_to_its_budget_and_drops_the_least_recently_used():
    array = np.zeros(1000, np.uint8)
    size = size_of(array)
    cache = RamCache(3 * size)
    for key in "abc":
        cache.put(key, array.copy())
    cache.get("a")
    cache.put("d", array.copy())
    assert [key in cache for key in "abcd"] == [True, False, True, True]
    assert cache.bytes <= cache.budget
    cache.put("big", np.zeros(4000, np.uint8))
    assert "big" not in cache and "a" in cache
    cache.put("a", np.zeros(10, np.uint8))
    assert cache.bytes == 2 * size + size_of(np.zeros(10, np.uint8))
    cache.clear()
    assert cache.bytes == 0 and len(cache) == 0


def test_bytes_are_counted_honestly():
    base = np.zeros((100, 1000), np.float32)
    assert size_of(base) == base.nbytes
    assert size_of(base[:1, :1]) == base.nbytes, "a view keeps all of it alive"
    shared = {"a": base, "b": base[3], "c": [base]}
    assert base.nbytes <= size_of(shared) < base.nbytes + 2000
    value = picture()
    arrays = [value.pixels, value.native.codes, value.extra[0].codes, value.changed, value.overlay]
    assert sum(a.nbytes for a in arrays) <= size_of(value) < sum(a.nbytes for a in arrays) + 8000
    content = bytearray(5000)
    assert 5000 <= size_of(np.frombuffer(content, np.uint8, 10)) < 5400


def test_disk_keeps_to_its_budget_and_drops_the_least_recently_used(tmp_path):
    one = sum(len(piece) for piece in encode(np.zeros(1000)))
    cache = DiskCache(tmp_path, budget=int(3.5 * one))
    for place, key in enumerate(["a0", "b0", "c0"]):
        cache.put(key, np.full(1000, float(place)))
        os.utime(cache._path(key), (1000 + place, 1000 + place))
    assert cache.get("a0") is not MISS  # used: now the youngest
    cache.put("d0", np.zeros(1000))
    assert [key in cache for key in ("a0", "b0", "c0", "d0")] == [True, False, True, True]
    assert cache.bytes <= cache.budget
    assert not cache.put("e0", np.zeros(100_000))


def test_full_disk_stops_storing_with_one_note(tmp_path, monkeypatch):
    cache = Cache(RamCache(1 << 20), DiskCache(tmp_path))

    def full(a, b):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    for key in ("a0", "b0"):
        value = cache.once(key, lambda: np.ones(3), lambda: None, disk=True)
        assert value.sum() == 3
    assert len(cache.notes) == 1 and "No space left" in cache.notes[0]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_left_overs_of_killed_processes_go(tmp_path):
    cache = DiskCache(tmp_path)
    old, new = tmp_path / "values" / "aa" / "k.1.part", tmp_path / "values" / "aa" / "k.2.part"
    old.parent.mkdir(parents=True)
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 7200,) * 2)
    cache.put("aa00", np.ones(3))
    assert not old.exists() and new.exists()


def _use(folder, seed):
    cache = DiskCache(Path(folder), budget=40_000)
    order = np.random.default_rng(seed).permutation(60)
    for key in order:
        found = cache.get(f"{key % 20:02x}00")
        if found is MISS:
            cache.put(f"{key % 20:02x}00", np.full(500, float(key % 20)))
        elif not (found == key % 20).all():
            os._exit(3)


def test_processes_share_a_folder_and_never_read_half_a_value(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_use, args=(str(tmp_path), seed)) for seed in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert not list(tmp_path.rglob("*.part"))


def test_folder_is_the_one_given_then_the_environment_then_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("CODEF_CACHE", str(tmp_path / "env"))
    assert cache_folder(tmp_path) == tmp_path
    assert cache_folder() == tmp_path / "env"
    monkeypatch.delenv("CODEF_CACHE")
    assert cache_folder().name == "codef"


@pytest.mark.parametrize(
    ("total", "budget"),
    [(64, 32 << 30), (16, 8 << 30), (8, 2 << 30), (4, 256 << 20)],
)
def test_budget_leaves_memory_to_others(monkeypatch, total, budget):
    monkeypatch.setattr(memory, "total_memory", lambda: total << 30)
    assert memory.ram_budget() == budget


def test_memory_of_this_machine_is_found():
    assert 256 << 20 < memory.total_memory() < 1 << 46
