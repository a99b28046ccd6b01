"""The way of weights from a checkpoint to a network, and what is refused on it."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import InputError
from engine.flow.gmflow.network import Gmflow, Size, expected
from engine.flow.gmflow.weights import KIND, convert, load

TINY = Size((4, 6, 8), 2, 10)


@pytest.fixture
def network():
    torch.manual_seed(1)
    return Gmflow(TINY).eval()


def test_a_network_comes_back_as_it_was_saved(network, tmp_path):
    torch.save(network.state_dict(), tmp_path / "net.pkl")
    convert(tmp_path / "net.pkl", tmp_path / "net.safetensors", {"licences": "ours"}, TINY)
    again = load(tmp_path / "net.safetensors")
    pictures = torch.rand(2, 1, 3, 64, 96, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        wanted, got = network(*pictures), again(*pictures)
    for a, b in zip(wanted, got, strict=True):
        assert a.shape == (1, 2, 64, 96) and a.abs().max() > 0.1
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)
    state = again.state_dict()
    assert all(torch.equal(state[name], x) for name, x in network.state_dict().items())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.pkl", "net.safetensors"]


def test_both_directions_are_each_others_mirror(network):
    first, second = torch.rand(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        there, back = network(first, second)
        back_first, there_first = network(second, first)
    torch.testing.assert_close(there, there_first, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(back, back_first, atol=1e-4, rtol=1e-4)


def test_the_published_network_has_its_124_tensors_and_4_7_million_numbers():
    shapes = expected()
    assert len(shapes) == 124
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 4_716_720
    assert shapes["transformer.layers.5.cross_attn_ffn.mlp.0.weight"] == (1024, 256)


@pytest.mark.parametrize("damage", ["shape", "missing", "extra", "nan", "list", "text", "half"])
def test_anything_but_the_weights_is_refused_and_nothing_is_left(network, tmp_path, damage):
    weights = dict(network.state_dict())
    if damage == "shape":
        weights["backbone.conv2.bias"] = torch.zeros(9)
    elif damage == "missing":
        del weights["upsampler.2.bias"]
    elif damage == "extra":
        weights["more"] = torch.zeros(1)
    elif damage == "nan":
        weights["backbone.conv2.bias"] = torch.full((8,), torch.nan)
    source = tmp_path / "net.pkl"
    torch.save([1, 2] if damage == "list" else weights, source)
    if damage == "text":
        source.write_text("no checkpoint")
    if damage == "half":
        source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    with pytest.raises(InputError, match=r"net\.pkl"):
        convert(source, tmp_path / "net.safetensors", {}, TINY)
    assert [p.name for p in tmp_path.iterdir()] == ["net.pkl"]


class Trap:
    """What a checkpoint that runs code on loading looks like."""

    def __reduce__(self):
        return (print, ("loaded",))


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path, capsys):
    torch.save({"backbone.conv1.weight": Trap()}, tmp_path / "net.pkl")
    with pytest.raises(InputError):
        convert(tmp_path / "net.pkl", tmp_path / "net.safetensors", {}, TINY)
    assert capsys.readouterr().out == ""


def test_files_that_hold_something_else_are_refused_on_loading(network, tmp_path):
    file = tmp_path / "net.safetensors"
    with pytest.raises(InputError, match="models get gmflow"):
        load(file)
    file.write_bytes(b"x" * 100)
    with pytest.raises(InputError, match="models get gmflow"):
        load(file)
    save_file(network.state_dict(), file)
    with pytest.raises(InputError, match="holds no weights of GMFlow"):
        load(file)
    weights = network.state_dict()
    del weights["upsampler.2.bias"]
    save_file(weights, file, metadata={"kind": KIND})
    with pytest.raises(InputError, match=r"1 tensors differ, such as upsampler.2.bias"):
        load(file)


def test_origin_and_licences_are_kept_in_the_file(network, tmp_path):
    from codef_nodes.work.models import notes_of

    torch.save(network.state_dict(), tmp_path / "net.pkl")
    convert(tmp_path / "net.pkl", tmp_path / "net.safetensors", {"licences": "ours"}, TINY)
    assert notes_of(tmp_path / "net.safetensors") == {"licences": "ours", "kind": KIND}
    assert load_file(tmp_path / "net.safetensors").keys() == network.state_dict().keys()
