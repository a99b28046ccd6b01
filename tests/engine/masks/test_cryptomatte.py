"""Cryptomatte layers, as renderers write them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.arrays import F32
from engine.errors import InputError, MaskError
from engine.io.picture import Native
from engine.io.read import read_picture
from engine.io.write import write_arrays
from engine.masks.cryptomatte import Layer, id_of, layer_with, layers, murmur3


def as_float(value: int) -> np.float32:
    return np.float32(np.array([value], np.uint32).view(np.float32)[0])


def planes() -> F32:
    """4 x 6: the left half is a robot, the right half a tree, the middle columns share."""
    found = np.zeros((4, 6, 4), np.float32)
    found[:, :3, 0], found[:, 3:, 0] = as_float(id_of("robot")), as_float(id_of("tree"))
    found[..., 1] = 1
    found[:, 2, 1], found[:, 2, 2], found[:, 2, 3] = 0.75, as_float(id_of("tree")), 0.25
    return found


def header(manifest: dict[str, str] | None) -> dict[str, str]:
    key = "cryptomatte/f834d0a"
    said = {f"{key}/name": "CryptoObject", f"{key}/hash": "MurmurHash3_32"}
    said[f"{key}/conversion"] = "uint32_to_float32"
    if manifest is not None:
        said[f"{key}/manifest"] = json.dumps(manifest)
    return said


def native(manifest: dict[str, str] | None) -> Native:
    channels = tuple(f"CryptoObject00.{c}" for c in "RGBA")
    return Native(planes(), channels, "raw", 32, metadata=header(manifest))


MANIFEST = {name: f"{id_of(name):08x}" for name in ("robot", "tree")}


def test_the_hash_is_murmur3() -> None:
    # Published test values of MurmurHash3_x86_32 with seed 0.
    assert murmur3(b"") == 0
    assert murmur3(b"test") == 0xBA6BD213
    assert murmur3(b"Hello, world!") == 0xC0363E43
    assert murmur3(b"The quick brown fox jumps over the lazy dog") == 0x2E4FF723


def test_every_id_is_a_plain_float() -> None:
    names = [f"object_{k}" for k in range(3000)]
    values = np.array([id_of(name) for name in names], np.uint32).view(np.float32)
    assert np.isfinite(values).all()
    assert (np.abs(values) > 1e-38).all()


def test_a_name_gives_its_coverage() -> None:
    (layer,) = layers([native(MANIFEST)])
    assert layer.name == "CryptoObject"
    assert layer.matte(["robot"])[0].tolist() == [1, 1, 0.75, 0, 0, 0]
    assert layer.matte(["tree"])[0].tolist() == [0, 0, 0.25, 1, 1, 1]
    assert layer.matte(["robot", "tree"]).min() == 1


def test_stars_and_ids_name_objects_too() -> None:
    (layer,) = layers([native(MANIFEST)])
    assert np.array_equal(layer.matte(["r*t"]), layer.matte(["robot"]))
    assert np.array_equal(layer.matte([f"<{id_of('tree'):08x}>"]), layer.matte(["tree"]))


def test_without_a_manifest_names_are_hashed() -> None:
    (layer,) = layers([native(None)])
    assert layer.manifest == {}
    assert layer.matte(["tree"])[0, 4] == 1


def test_an_unknown_name_lists_those_that_are_there() -> None:
    (layer,) = layers([native(MANIFEST)])
    with pytest.raises(MaskError, match="robot, tree"):
        layer.matte(["house"])


def test_a_manifest_beside_the_picture_is_read_and_nothing_elsewhere(tmp_path: Path) -> None:
    part = native(None)
    part.metadata["cryptomatte/f834d0a/manif_file"] = "../names.json"
    (tmp_path / "inner").mkdir()
    (tmp_path / "names.json").write_text(json.dumps({"evil": "00000001"}), encoding="utf-8")
    with pytest.raises(InputError, match="beside the picture"):
        layers([part], tmp_path / "inner")
    (tmp_path / "inner" / "names.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    (layer,) = layers([part], tmp_path / "inner")
    assert set(layer.manifest) == {"robot", "tree"}


def test_a_file_keeps_its_ids_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "render.exr"
    beauty = np.full((4, 6, 3), 0.5, np.float32)
    channels = ("R", "G", "B", *(f"CryptoObject00.{c}" for c in "RGBA"))
    both = np.concatenate([beauty, planes()], axis=2)
    write_arrays(path, both, channels, metadata=header(MANIFEST))
    picture = read_picture(path)
    parts = [part for part in (picture.native, *picture.extra) if part is not None]
    (layer,) = layers(parts, tmp_path)
    assert layer.matte(["robot"])[0].tolist() == [1, 1, 0.75, 0, 0, 0]


def test_without_a_name_the_layer_counts_that_has_the_names() -> None:
    """Objects and materials of a renderer, and one whose file tells no names."""
    nothing = np.zeros((1, 1, 1))
    bare = Layer("A", {}, nothing.astype(np.uint32), nothing.astype(np.float32))
    materials = replace(bare, name="View.CryptoMaterial", manifest={"shader": 1, "chrome": 2})
    objects = replace(bare, name="View.CryptoObject", manifest={"Ball": 3, "Box": 4})
    found = [bare, materials, objects]
    assert layer_with(found, ["Ball", "B*x"]) is objects
    assert layer_with(found, ["chrome"]) is materials
    assert layer_with(found, ["Cone"]) is bare  # by its hash
    assert layer_with(found, ["Ball"], "CryptoMaterial") is materials
    assert layer_with(found, ["Ball"], "CryptoAsset") is None
    assert layer_with([], ["Ball"]) is None
    with pytest.raises(MaskError, match=r"chrome, shader; .*Ball, Box"):
        layer_with([materials, objects], ["Ball", "chrome"])
