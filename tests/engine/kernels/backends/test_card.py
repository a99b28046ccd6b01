"""A card is tried before its first use: what fails is named and left out, and nothing crashes."""

import pytest
import torch

from codef_nodes.work import machine
from engine.errors import DeviceError
from engine.kernels.backends import card
from engine.kernels.backends.card import Check, check
from engine.kernels.backends.device import device_of


@pytest.fixture(autouse=True)
def afresh():
    check.cache_clear()
    yield
    check.cache_clear()


def test_a_device_that_does_everything_right_passes_and_is_tried_once():
    found = check("cpu")
    assert found.problem == "" and found.seconds > 0
    assert check("cpu") is found


def test_a_device_that_computes_nothing_is_named():
    """Torch's meta device has shapes and no numbers: as silent as a card can be."""
    assert check("meta").problem.startswith("it does not answer (")


@pytest.mark.parametrize("operation", ["solve", "encode"])
def test_a_device_on_which_plain_torch_is_wrong_is_named(monkeypatch, operation):
    monkeypatch.setattr(
        card, "trial", lambda name, function, device: "differs" if name == operation else ""
    )
    assert check("cpu").problem == f"plain torch: {operation} differs"


def test_flow_that_goes_wrong_or_fails_there_is_named(monkeypatch):
    from engine.flow import device as flows

    real, asked = flows.flow, []

    def wrong(first, second):
        asked.append(1)
        return real(first, second) + (len(asked) - 1)

    monkeypatch.setattr(flows, "flow", wrong)
    assert check("cpu").problem == "plain torch: flow is 1.4 pixels off"
    check.cache_clear()

    def fails(first, second):
        asked.append(1)
        if len(asked) % 2 == 0:
            raise RuntimeError("no kernel image is available for execution on the device")
        return real(first, second)

    monkeypatch.setattr(flows, "flow", fails)
    assert check("cpu").problem == "plain torch: flow fails with RuntimeError"


def test_a_card_that_a_kernel_has_silenced_says_what_to_set(monkeypatch):
    answers = iter(["", "it does not answer (an illegal memory access was encountered)"])
    monkeypatch.setattr(card, "_silence", lambda device: next(answers))
    assert check("cpu").problem == (
        "after its kernels were tried, it does not answer (an illegal memory access was "
        "encountered); set CODEF_KERNELS=torch"
    )


@pytest.fixture
def two_cards(monkeypatch):
    """Two cards, and what is wrong with each."""
    wrong = {"cuda:0": "it does not answer (no kernel image)", "cuda:1": ""}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(card, "check", lambda device: Check(wrong[device], 0.5))
    return wrong


def test_auto_takes_the_first_card_that_works_and_names_those_that_do_not(two_cards):
    told = []
    assert device_of("auto", told.append) == torch.device("cuda", 1)
    assert told == ["cuda:0 is left out: it does not answer (no kernel image)"]
    two_cards["cuda:1"] = "plain torch: solve differs"
    assert device_of("auto", told.append) == torch.device("cpu")
    assert len(told) == 3


def test_a_card_that_was_asked_for_by_name_and_does_not_work_ends_with_advice(two_cards):
    assert device_of("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(DeviceError, match=r"cuda:0 cannot be used: .*no kernel.*--device cpu"):
        device_of("cuda")
    with pytest.raises(DeviceError, match=r"no device cuda:2 here \(NVIDIA GPUs found: 2\)"):
        device_of("cuda:2")


def test_devices_tell_of_every_card_what_became_of_it(two_cards, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: f"Card {number}")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: (2 * 2**30, 4 * 2**30))
    found = machine.machine()
    assert found["devices"] == ["cpu", "cuda:1"]
    assert [each["problem"] for each in found["cards"]] == [two_cards["cuda:0"], ""]
    lines = machine.describe(found).splitlines()
    (first,) = (line for line in lines if line.startswith("cuda:0"))
    assert first.endswith("free, not used: it does not answer (no kernel image)")
    (second,) = (line for line in lines if line.startswith("cuda:1"))
    assert second == "cuda:1   Card 1, 4.0 GiB, 2.0 GiB free, every operation tried in 0.5 s"


def test_a_card_whose_driver_does_not_even_tell_its_memory_is_named(two_cards, monkeypatch):
    def broken(number):
        raise RuntimeError("CUDA error: unknown error\nCUDA kernel errors might be")

    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: f"Card {number}")
    monkeypatch.setattr(torch.cuda, "mem_get_info", broken)
    found = machine.machine()
    assert found["devices"] == ["cpu"]
    assert found["cards"][0]["problem"] == "CUDA error: unknown error"
    assert "unknown free, not used: CUDA error: unknown error" in machine.describe(found)
