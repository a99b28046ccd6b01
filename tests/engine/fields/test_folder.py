"""Field folders: what comes back, what is refused, and with which code."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.errors import FieldError, InputError
from engine.fields import folder as folders
from engine.fields.folder import field_identity, load_field, save_field
from engine.fields.residual import Residual, grid_shapes
from engine.warp.render import reconstruct
from tests.engine.warp.analytic import one_layer, two_layers


@pytest.fixture(autouse=True)
def _analytic(monkeypatch):
    monkeypatch.setitem(folders.KINDS, "analytic", ("tests.engine.warp.analytic", "Analytic"))


def test_a_field_comes_back_as_it_was_stored(tmp_path):
    field = two_layers()
    field.layers[1].lighting = np.linspace(0.5, 1.5, 3 * 2 * 3 * 3).reshape(3, 2, 3, 3).astype("f4")
    field.report = {"psnr": np.float32(31.5), "identity": "abc", "schedule": [1, 2]}
    field.source = {"path": str(tmp_path / "clip" / "shot.%04d.exr"), "fps": 24.0}
    place = tmp_path / "fits" / "shot fit é"
    stored = save_field(field, place)
    loaded = load_field(place)
    assert loaded.frames == field.frames
    assert (loaded.display, loaded.data) == (field.display, field.data)
    assert [layer.name for layer in loaded.layers] == ["square", "back"]
    assert loaded.report["psnr"] == pytest.approx(31.5)
    assert loaded.source["path"] == str(tmp_path / "clip" / "shot.%04d.exr")
    info = json.loads((place / "field.json").read_text())
    assert info["source"]["path"] == "../../clip/shot.%04d.exr"
    assert info["identity"] == "abc"
    for index in range(3):
        np.testing.assert_array_equal(loaded.coverage(index), field.coverage(index))
        for edit_path in (True, False):
            now = reconstruct(loaded, index, edit_path=edit_path)
            np.testing.assert_array_equal(now, reconstruct(stored, index, edit_path=edit_path))
            before = reconstruct(field, index, edit_path=edit_path)
            np.testing.assert_allclose(now, before, rtol=1e-3, atol=1e-4)
    assert field_identity(field) == field_identity(loaded) == info["canonical_identity"]
    assert {file.name for file in place.iterdir()} == {
        "field.json",
        "layer_0.safetensors",
        "layer_1.safetensors",
        "canonical_0.exr",
        "canonical_1.exr",
        "masks.safetensors",
    }
    assert [entry.name for entry in place.parent.iterdir()] == [place.name]


def with_all_terms():
    """A field with lighting, exposure and a residual in all frames but the first."""
    field = two_layers()
    rng = np.random.default_rng(0)
    for layer in field.layers:
        layer.lighting = rng.random((3, 2, 3, 3), dtype=np.float32) + 0.5
        layer.exposure = rng.random((3, 2, 3), dtype=np.float32)
    residual = Residual.empty(field.height, field.width, 4, 3)
    luma, chroma = grid_shapes(field.height, field.width, 4)
    for index in (1, 2):
        fine = rng.integers(-90, 90, luma).astype(np.int8)
        residual.put(index, fine, rng.integers(-9, 9, (*chroma, 2)).astype(np.int8), 0.001)
    field.residual = residual
    return field


def test_exposure_and_residual_come_back(tmp_path):
    field = with_all_terms()
    save_field(field, tmp_path / "f")
    info = json.loads((tmp_path / "f" / "field.json").read_text())
    assert (info["codef_field"], info["codef_field_minor"]) == (1, 2)
    assert info["residual"] == {"cell": 4}
    loaded = load_field(tmp_path / "f")
    for index in range(3):
        np.testing.assert_array_equal(loaded.layers[0].exposure, field.layers[0].exposure)
        assert loaded.residual.streams == field.residual.streams
        for without in ((), ("residual",), ("exposure", "lighting")):
            now = reconstruct(loaded, index, edit_path=False, without=without)
            before = reconstruct(field, index, edit_path=False, without=without)
            np.testing.assert_allclose(now, before, rtol=2e-3, atol=5e-4)


def test_a_field_of_the_first_minor_version_still_loads(tmp_path):
    field = two_layers()
    field.layers[0].lighting = np.full((3, 2, 2, 3), 0.8, np.float32)
    save_field(field, tmp_path / "f")
    info = json.loads((tmp_path / "f" / "field.json").read_text())
    # What version 1 wrote before exposure and residual.
    del info["codef_field_minor"], info["residual"]
    for layer in info["layers"]:
        del layer["exposure"]
    (tmp_path / "f" / "field.json").write_text(json.dumps(info))
    loaded = load_field(tmp_path / "f")
    assert loaded.residual is None
    assert loaded.layers[0].exposure is None
    np.testing.assert_allclose(loaded.layers[0].lighting, 0.8)


def changed(place, name, change):
    """Rewrites a file of tensors so that only its content is wrong, not its hash."""
    tensors = dict(load_file(place / name))
    change(tensors)
    save_file(tensors, place / name)
    info = json.loads((place / "field.json").read_text())
    info["files"][name] = folders.fingerprint(place / name)
    (place / "field.json").write_text(json.dumps(info))


def with_noise(tensors):
    tensors["bytes"] = tensors["bytes"] ^ 0x55


def without_a_frame(tensors):
    tensors["offsets"] = tensors["offsets"][:-1].copy()


def with_offsets_that_fall(tensors):
    tensors["offsets"][1] = tensors["offsets"][2] + 1


def with_a_step_that_is_no_number(tensors):
    tensors["steps"][1] = np.nan


def without_its_steps(tensors):
    del tensors["steps"]


@pytest.mark.parametrize(
    "change",
    [
        with_noise,
        without_a_frame,
        with_offsets_that_fall,
        with_a_step_that_is_no_number,
        without_its_steps,
    ],
)
def test_a_damaged_residual_is_told_when_the_field_is_loaded(tmp_path, change):
    save_field(with_all_terms(), tmp_path / "f")
    changed(tmp_path / "f", "residual.safetensors", change)
    with pytest.raises(FieldError):
        load_field(tmp_path / "f")


def test_a_residual_that_is_gone_is_told(tmp_path):
    save_field(with_all_terms(), tmp_path / "f")
    (tmp_path / "f" / "residual.safetensors").unlink()
    with pytest.raises(FieldError, match="residual"):
        load_field(tmp_path / "f")


@pytest.mark.parametrize("name", ["exposure", "lighting"])
def test_light_of_another_shape_is_told(tmp_path, name):
    save_field(with_all_terms(), tmp_path / "f")

    def shorter(tensors):
        tensors[name] = tensors[name][:2].copy()

    changed(tmp_path / "f", "layer_0.safetensors", shorter)
    with pytest.raises(FieldError, match=name):
        load_field(tmp_path / "f")


def test_values_beyond_half_float_are_kept_in_full(tmp_path):
    field = one_layer()
    field.layers[0].canonical.pixels[3, 4, :3] = 1e6
    stored = save_field(field, tmp_path / "f")
    np.testing.assert_array_equal(
        stored.layers[0].canonical.pixels, field.layers[0].canonical.pixels
    )


def test_an_existing_field_is_replaced_whole(tmp_path):
    save_field(two_layers(), tmp_path / "f")
    save_field(one_layer(), tmp_path / "f")
    assert len(load_field(tmp_path / "f").layers) == 1
    assert not (tmp_path / "f" / "layer_1.safetensors").exists()


def test_any_other_folder_or_file_is_refused_and_untouched(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("photos", "file"):
        with pytest.raises(FieldError, match=name) as caught:
            save_field(one_layer(), tmp_path / name)
        assert caught.value.code == 2
    assert (tmp_path / "photos" / "a.txt").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "photos"]


def test_an_absent_field_is_an_input_error(tmp_path):
    with pytest.raises(InputError) as caught:
        load_field(tmp_path / "nothing")
    assert caught.value.code == 3


def test_a_folder_without_field_json_is_no_field(tmp_path):
    with pytest.raises(FieldError, match="no field"):
        load_field(tmp_path)


@pytest.mark.parametrize(
    "name", ["layer_0.safetensors", "canonical_0.exr", "masks.safetensors", "field.json"]
)
@pytest.mark.parametrize("harm", ["missing", "cut", "empty"])
def test_a_damaged_field_is_told_with_code_two(tmp_path, name, harm):
    place = tmp_path / "f"
    save_field(two_layers(), place)
    file = place / name
    if harm == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[: 0 if harm == "empty" else -7])
    with pytest.raises(FieldError) as caught:
        load_field(place)
    assert caught.value.code == 2
    assert str(place) in caught.value.message


@pytest.mark.parametrize(
    "change",
    [
        {"codef_field": "1"},
        {"frames": "abc"},
        {"layers": [{}]},
        {"data": [1]},
        {"files": {}},
        {"masks": {"count": 9, "height": 1, "width": 1}},
        {"report": 3},
    ],
)
def test_garbage_in_field_json_is_told_with_code_two(tmp_path, change):
    place = tmp_path / "f"
    save_field(one_layer(), place)
    info = json.loads((place / "field.json").read_text())
    (place / "field.json").write_text(json.dumps({**info, **change}))
    with pytest.raises(FieldError):
        load_field(place)


def test_a_newer_field_and_an_unknown_kind_ask_for_an_update(tmp_path):
    place = tmp_path / "f"
    save_field(one_layer(), place)
    info = json.loads((place / "field.json").read_text())
    (place / "field.json").write_text(json.dumps({**info, "codef_field": 99}))
    with pytest.raises(FieldError, match="newer version"):
        load_field(place)
    info["layers"][0]["kind"] = "quantum"
    (place / "field.json").write_text(json.dumps(info))
    with pytest.raises(FieldError, match="quantum"):
        load_field(place)


def test_a_field_may_move_together_with_its_clip(tmp_path):
    field = one_layer()
    field.source = {"path": str(tmp_path / "a" / "clip"), "masks": [str(tmp_path / "a" / "m0")]}
    save_field(field, tmp_path / "a" / "f")
    shutil.move(tmp_path / "a", tmp_path / "b")
    loaded = load_field(tmp_path / "b" / "f")
    assert loaded.source["path"] == str(tmp_path / "b" / "clip")
    assert loaded.source["masks"] == [str(tmp_path / "b" / "m0")]
