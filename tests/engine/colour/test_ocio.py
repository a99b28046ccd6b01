import numpy as np
import pytest

from engine.colour import ocio
from engine.errors import InputError, UsageError

WORKING = ocio.DEFAULT_WORKING


def test_every_8_bit_and_16_bit_code_comes_back():
    for levels in (256, 65536):
        values = (np.arange(levels) / (levels - 1)).astype(np.float32)
        picture = np.repeat(values[None, :, None], 3, axis=2)
        linear = ocio.to_working(picture, ocio.SRGB, WORKING)
        back = ocio.from_working(linear, ocio.SRGB, WORKING)
        assert np.array_equal(np.rint(back[0, :, 0] * (levels - 1)), np.arange(levels))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("space", [ocio.SRGB, "ARRI LogC4", "Camera Rec.709", "raw"])
def test_the_table_gives_the_values_of_the_transform(dtype, space):
    codes = np.random.default_rng(1).integers(0, 1 << 8 * dtype().itemsize, (300, 300, 3), dtype)
    fast = ocio.codes_to_working(codes, space, WORKING)
    slow = ocio.to_working(codes / np.float32(np.iinfo(dtype).max), space, WORKING)
    assert np.array_equal(fast, slow)


def test_large_pictures_in_threads_equal_small_ones():
    picture = np.random.default_rng(2).random((700, 600, 3), np.float32)
    whole = ocio.to_working(picture, "ARRI LogC3 (EI800)", WORKING)
    rows = [ocio.to_working(row[None], "ARRI LogC3 (EI800)", WORKING) for row in picture]
    assert np.array_equal(whole, np.concatenate(rows))


def test_only_colour_is_transformed_and_alpha_is_divided_out_around_curves():
    alpha = np.array([0.25, 0.5, 1.0], np.float32)
    straight = np.full((1, 3, 3), 0.5, np.float32)
    both = np.concatenate([straight * alpha[None, :, None], alpha[None, :, None]], axis=2)
    got = ocio.to_working(both, ocio.SRGB, WORKING)
    want = ocio.to_working(straight, ocio.SRGB, WORKING)
    assert np.allclose(got[..., :3] / alpha[None, :, None], want, rtol=1e-6)
    assert np.array_equal(got[..., 3], both[..., 3])


def test_light_without_coverage_survives_a_matrix():
    glow = np.array([[[0.5, 0.25, 0.125, 0.0]]], np.float32)
    got = ocio.to_working(glow, "ACEScg", WORKING)
    want = ocio.to_working(glow[..., :3], "ACEScg", WORKING)
    assert np.array_equal(got[..., :3], want)


def test_raw_and_equal_spaces_touch_nothing():
    picture = np.array([[[np.nan, np.inf, -3.0]]], np.float32)
    assert ocio.to_working(picture, "raw", WORKING) is picture
    assert ocio.to_working(picture, "lin_rec709", WORKING) is picture


def test_aliases_and_roles_are_known_by_their_full_name():
    assert ocio.resolve_space("srgb_tx") == ocio.SRGB
    assert ocio.resolve_space("scene_linear") == "ACEScg"
    assert ocio.resolve_space("Raw") == "raw"


def test_an_unknown_space_lists_close_ones():
    with pytest.raises(UsageError, match="ACEScg"):
        ocio.resolve_space("ACESgc")
    with pytest.raises(UsageError, match="ARRI LogC4"):
        ocio.resolve_space("logc4")
    with pytest.raises(UsageError):
        ocio.resolve_space("")


def test_all_listed_spaces_can_be_taken_to_the_working_space():
    names = ocio.list_spaces()
    assert WORKING in names and names[-1] == "raw" and len(names) > 40
    pixel = np.full((1, 1, 3), 0.25, np.float32)
    for name in names:
        assert np.isfinite(ocio.to_working(pixel, name, WORKING)).all()


def test_the_rules_of_files():
    rule = ocio.space_by_rule
    assert rule("png", False, {"oiio:ColorSpace": "g22_rec709_scene"})[0] == ocio.SRGB
    assert rule(".JPG", False, {})[0] == ocio.SRGB
    assert rule("mp4", False, {})[0] == ocio.SRGB
    assert rule("mov", False, {"codef/transfer": "smpte2084"})[0] == "Rec.2100-PQ - Display"
    assert rule("exr", True, {})[0] == WORKING
    assert rule("exr", True, {}, "ACEScg")[0] == "ACEScg"
    assert rule("exr", True, {"oiio:ColorSpace": "scene_linear"}, WORKING)[0] == WORKING
    assert rule("exr", True, {"oiio:ColorSpace": "lin_ap1_scene"})[0] == "ACEScg"
    assert rule("exr", True, {"codef/colour_space": "ARRI LogC4"})[0] == "ARRI LogC4"
    space, warning = rule("dpx", False, {"dpx:Transfer": "Logarithmic"})
    assert space == "ADX10" and "logarithmic" in warning
    with pytest.raises(UsageError):
        rule("exr", True, {"oiio:ColorSpace": "house space 7"})


def test_another_configuration_comes_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("OCIO", "ocio://cg-config-latest")
    assert len(ocio.list_spaces()) < 40
    monkeypatch.setenv("OCIO", str(tmp_path / "none.ocio"))
    with pytest.raises(InputError, match=r"none\.ocio"):
        ocio.list_spaces()
