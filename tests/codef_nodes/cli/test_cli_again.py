"""`codef fit --again FIELD` and `--group`: one group is fitted anew, or otherwise than the rest."""

from pathlib import Path

import numpy as np

from engine.fields.folder import load_field
from engine.io.read import read_picture
from tests.codef_nodes.cli.tinyclip import FRAMES, Codef, write_png


def smaller(masks: Path, folder: Path) -> Path:
    """The same masks without their two lowest rows, in a folder of the same name."""
    folder.mkdir(parents=True)
    for file in sorted(masks.iterdir()):
        grey = np.rint(read_picture(file).pixels[..., 0] * 255)
        grey = np.where(grey > 127, 255, 0).astype(np.uint8)
        rows = np.flatnonzero(grey.any(axis=1))
        grey[rows[-2:]] = 0
        write_png(folder / file.name, grey)
    return folder


def test_only_the_group_with_other_masks_is_fitted(
    codef: Codef, clip: Path, masks: Path, layered: Path, tmp_path: Path
) -> None:
    other = smaller(masks, tmp_path / masks.name)
    target = tmp_path / "F"
    answer = codef("fit", clip, "--masks", other, "--again", layered, "-o", target, "--json")
    assert answer.code == 0
    assert answer.last["fitted_again"] == ["actor"]
    assert answer.last["frames"] == len(FRAMES)
    assert "only actor changed" in answer.err
    before, after = load_field(layered), load_field(target)
    one, two = before.layers[1].deformation, after.layers[1].deformation
    assert np.array_equal(one.lattices, two.lattices)


def test_a_field_of_no_use_is_said_and_all_is_fitted(
    codef: Codef, clip: Path, masks: Path, field: Path, tmp_path: Path
) -> None:
    answer = codef(
        "fit",
        clip,
        "--masks",
        masks,
        "--again",
        field,
        "--steps",
        1,
        "-o",
        tmp_path / "F",
        "--json",
    )
    assert answer.code == 0
    assert "everything was fitted anew" in answer.err
    assert "fitted_again" not in answer.last


def test_settings_of_a_group_are_kept_in_the_report(
    codef: Codef, clip: Path, masks: Path, tmp_path: Path
) -> None:
    target = tmp_path / "F"
    arguments = ("fit", clip, "--masks", masks, "--steps", 2, "-o", target, "--json")
    answer = codef(*arguments, "--group", "actor.stiffness=10", "--group", "actor.detail=8")
    assert answer.code == 0
    assert answer.last["group_settings"] == {"actor": {"stiffness": 10.0, "detail": 8}}


def test_a_setting_that_means_nothing_is_refused(
    codef: Codef, clip: Path, masks: Path, tmp_path: Path
) -> None:
    arguments = ("fit", clip, "--masks", masks, "--steps", 1, "-o", tmp_path / "F", "--group")
    for said, told in (
        ("actor.hardness=2", "one of stiffness, detail, steadiness"),
        ("actor.stiffness=hard", "stiffness of group 'actor'"),
        ("actor.detail=5", "2, 4, 8, 16"),
        ("crowd.stiffness=2", "no group 'crowd'"),
    ):
        answer = codef(*arguments, said)
        assert answer.code == 2
        assert told in answer.err
