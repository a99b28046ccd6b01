"""The node OpticalFlow with learned methods: weights there, absent, exchanged."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from codef_nodes.work.flows import LINKS
from engine.errors import InputError
from engine.flow.gmflow.network import Gmflow, Size
from engine.flow.gmflow.weights import convert
from tests.codef_nodes.cli.tinyclip import FRAMES, HEIGHT, WIDTH, make_clip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clip, and a models folder without models."""
    make_clip(tmp_path / "clip")
    monkeypatch.setenv("CODEF_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path


def graph(folder: Path, **knobs: Any) -> Evaluator:
    nodes = {
        "Clip": {"type": "LoadSequence", "version": 1, "knobs": {"file": "clip"}, "inputs": {}},
        "Flow": {
            "type": "OpticalFlow",
            "version": 1,
            "knobs": knobs,
            "inputs": {"image": "Clip"},
        },
    }
    tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
    return Evaluator(from_tree(json.loads(json.dumps(tree))), Cache(), folder=folder)


def put_weights(folder: Path, seed: int = 9) -> None:
    size = Size((4, 6, 8), 2, 10)
    torch.manual_seed(seed)
    torch.save(Gmflow(size).state_dict(), folder / "net.pkl")
    convert(folder / "net.pkl", folder / "models" / "gmflow.safetensors", {}, size)


def test_each_link_is_matched_once_in_both_directions(folder: Path) -> None:
    put_weights(folder)
    evaluator = graph(folder, method="gmflow")
    before = LINKS.computed
    pairs = [evaluator.value("Flow", frame) for frame in FRAMES]
    assert LINKS.computed - before == len(FRAMES) - 1
    assert pairs[0].backward is None and pairs[-1].forward is None
    for pair in pairs[1:-1]:
        assert pair.forward.shape == pair.backward.shape == (HEIGHT, WIDTH, 2)
        assert np.isfinite(pair.forward).all() and np.isfinite(pair.backward).all()
        assert pair.forward_confidence.min() >= 0 and pair.forward_confidence.max() <= 1


def test_flow_of_another_method_is_another_result(folder: Path) -> None:
    put_weights(folder)
    learned = graph(folder, method="gmflow").value("Flow", FRAMES[3])
    plain = graph(folder).value("Flow", FRAMES[3])
    assert not np.array_equal(learned.forward, plain.forward)
    inner = plain.forward[12:36, 16:48].reshape(-1, 2)
    assert np.allclose(np.median(inner, axis=0), (-2, -1), atol=0.2)


def test_without_weights_the_error_names_the_command_and_the_node(folder: Path) -> None:
    with pytest.raises(InputError, match="codef models get gmflow") as caught:
        graph(folder, method="gmflow").value("Flow", FRAMES[0])
    assert caught.value.node == "Flow" and caught.value.code == 3
    with pytest.raises(InputError, match="raft_large"):
        graph(folder, method="raft").value("Flow", FRAMES[0])


def test_a_key_needs_no_weights(folder: Path) -> None:
    """A finished fit must be found on a machine that has no weights."""
    without = graph(folder, method="gmflow").key("Flow", FRAMES[0])
    put_weights(folder)
    assert graph(folder, method="gmflow").key("Flow", FRAMES[0]) == without
    assert graph(folder).key("Flow", FRAMES[0]) != without


def test_a_fit_on_the_command_line_can_start_from_it(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from codef_nodes.__main__ import main

    command = ["fit", str(folder / "clip"), "--steps", "1", "-q", "--flow-method", "gmflow"]
    assert main([*command, "-o", str(folder / "FIELD")]) == 3
    assert "codef models get gmflow" in capfd.readouterr().err
    assert not (folder / "FIELD").exists()
    assert main([*command, "--flow", str(folder), "-o", str(folder / "FIELD")]) == 2
    put_weights(folder)
    assert main([*command, "-o", str(folder / "FIELD"), "--json"]) == 0
    assert (folder / "FIELD" / "field.json").is_file()
    learned = json.loads(capfd.readouterr().out.strip().splitlines()[-1])
    assert main([*command[:-1], "dis", "-o", str(folder / "DIS"), "--json"]) == 0
    plain = json.loads(capfd.readouterr().out.strip().splitlines()[-1])
    assert learned["identity"] != plain["identity"]


def test_flow_of_a_clip_names_frames_and_leaves_the_ends_open() -> None:
    from codef_nodes.work.flows import ClipFlow
    from engine.io.picture import Picture
    from tests.codef_nodes.cli.tinyclip import texture

    whole = texture().astype(np.float32) / 255
    reads: list[int] = []

    def read(frame: int) -> Picture:
        reads.append(frame)
        return Picture.of(np.ascontiguousarray(whole[20:84, 10 + 2 * frame : 106 + 2 * frame]))

    flow = ClipFlow((0, 2, 3), read, "dis")
    first, middle, last = flow(0), flow(2), flow(3)
    assert first.backward is None and last.forward is None
    assert np.allclose(np.median(first.forward, axis=(0, 1)), (-4, 0), atol=0.1)
    assert np.allclose(np.median(middle.forward, axis=(0, 1)), (-2, 0), atol=0.1)
    assert np.array_equal(middle.forward, flow(2).forward)
    assert reads == [0, 2, 3] and flow.links.computed == 2


def test_links_of_a_clip_are_found_once_in_any_order_while_there_is_room() -> None:
    from concurrent.futures import ThreadPoolExecutor

    from codef_nodes.work.flows import ClipFlow
    from engine.io.picture import Picture
    from tests.codef_nodes.cli.tinyclip import texture

    whole = texture().astype(np.float32) / 255

    def read(frame: int) -> Picture:
        return Picture.of(np.ascontiguousarray(whole[20:84, 10 + 2 * frame : 106 + 2 * frame]))

    frames = tuple(range(9))
    flow = ClipFlow(frames, read, "dis")
    order = (4, 5, 3, 6, 2, 7, 1, 8, 0, 4, 8, 0)
    with ThreadPoolExecutor(3) as pool:
        pairs = dict(zip(order, pool.map(flow, order), strict=True))
    assert flow.links.computed == 8
    small = ClipFlow(frames, read, "dis", limit=0)
    for frame in order:
        pair = small(frame)
        assert pair.frame == frame
        for name in ("forward", "backward_confidence"):
            wanted, got = getattr(pairs[frame], name), getattr(pair, name)
            assert (wanted is None) == (got is None)
            assert wanted is None or np.array_equal(wanted, got)
    assert small.links.computed > 8


def test_exchanged_weights_are_loaded_again(folder: Path) -> None:
    from codef_nodes.work.matchers import matcher

    put_weights(folder)
    first = matcher("gmflow")
    assert matcher("gmflow") is first
    put_weights(folder, seed=10)
    assert matcher("gmflow") is not first


def test_a_learned_method_goes_where_the_fit_is_told_to(monkeypatch, tmp_path):
    """Not onto a card because there is one; and without being told, onto one that works."""
    import torch

    from codef_nodes.work import matchers
    from engine.errors import DeviceError
    from engine.kernels.backends import card

    seen = []

    def made(file, device):
        seen.append(device)
        return lambda *_: None

    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"0")
    monkeypatch.setattr(matchers, "installed", lambda method: weights)
    monkeypatch.setattr(matchers, "_LOADED", {})
    monkeypatch.setattr("engine.flow.gmflow.matcher.GmflowMatcher", made)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    works = {"cuda:0": "", "cuda:1": ""}
    monkeypatch.setattr(card, "check", lambda device: card.Check(works[device], 0.1))
    one = matchers.matcher("gmflow", "cpu")
    assert matchers.matcher("gmflow", "cpu") is one
    assert matchers.matcher("gmflow", "cuda:1") is not one
    matchers.matcher("gmflow")
    assert seen == ["cpu", "cuda:1", "cuda:0"]
    works["cuda:0"] = "it does not answer"
    matchers.matcher("gmflow")
    assert seen[-1] == "cuda:1"
    with pytest.raises(DeviceError, match="no device cuda:7"):
        matchers.matcher("gmflow", "cuda:7")
