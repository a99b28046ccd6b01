"""Long shots from the command line: split, grown, painted on and tracked."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from codef_nodes.__main__ import main
from engine.fields.folder import load_field
from engine.io.read import read_picture
from engine.io.write import WriteOptions, write_picture
from engine.linked.field import LinkedField
from tests.codef_nodes.cli.tinyclip import Codef
from tests.engine.fit.clips import Pan

PAN = Pan(count=26, height=64, width=88, step=(1.2, -0.3), wave=0.8)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """26 frames from 1001 on."""
    home = tmp_path_factory.mktemp("long") / "shot"
    home.mkdir()
    for t in range(PAN.count):
        codes = np.rint(np.clip(PAN.frame(t), 0, 1) * 255).astype(np.uint8)
        cv2.imwrite(str(home / f"shot.{1001 + t}.png"), codes[..., ::-1])
    return home


@pytest.fixture(scope="module")
def linked(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fit of two segments; never written to."""
    home = tmp_path_factory.mktemp("linked") / "FIELD"
    words = ["--split", "1014", "--steps", "4", "-q"]
    assert main(["fit", str(clip), *words, "-o", str(home)]) == 0
    return home


def test_a_longer_range_fits_only_what_is_new(codef: Codef, clip: Path, tmp_path: Path):
    home = tmp_path / "FIELD"
    assert codef("fit", clip, "--frames", "1001-1014", "--steps", 4, "-o", home).code == 0
    still = (home / "canonical_0.exr").read_bytes()
    grown = codef("fit", clip, "--steps", 4, "-o", home, "--json")
    assert grown.code == 0, grown.err
    told = grown.last["segments"]
    assert [(each["frames"], each["fitted"]) for each in told] == [
        ("1001-1014", False),
        ("1008-1026", True),
    ]
    assert "1001-1014" in grown.err, "it is said what stays"
    assert (home / "segment_000" / "canonical_0.exr").read_bytes() == still
    assert grown.last["frames"] == 26 and len(grown.last["links"]) == 1
    assert not (tmp_path / ".FIELD.checkpoint").exists()


def test_another_way_of_fitting_and_anew_fit_everything(codef: Codef, clip: Path, tmp_path: Path):
    home = tmp_path / "FIELD"
    fit = ("fit", clip, "--steps", 1, "-o", home, "--json")
    assert codef(*fit, "--frames", "1001-1014").code == 0
    other = codef(*fit, "--frames", "1001-1018", "--seed", 1)
    assert "segments" not in other.last, "the seed is another one"
    anew = codef(*fit, "--seed", 1, "--anew")
    assert "segments" not in anew.last


def test_a_moved_split_keeps_the_segments_it_leaves(codef: Codef, clip: Path, tmp_path: Path):
    home = tmp_path / "FIELD"
    fit = ("fit", clip, "--steps", 1, "-o", home, "--json")
    assert codef(*fit, "--split", "1014,1020").code == 0
    told = codef(*fit, "--split", "1014,1021").last["segments"]
    assert [each["fitted"] for each in told] == [False, True, True]


def test_a_changed_mask_fits_its_group_again_in_every_segment(
    codef: Codef, clip: Path, tmp_path: Path
):
    def masks(folder: Path, right: int) -> Path:
        folder.mkdir(parents=True)
        for t in range(PAN.count):
            mask = np.zeros((PAN.height, PAN.width), np.uint8)
            mask[16:48, 20:right] = 255
            cv2.imwrite(str(folder / f"m.{1001 + t}.png"), mask)
        return folder

    words = ("fit", clip, "--split", "1014", "--steps", 2)
    first = codef(*words, "--masks", masks(tmp_path / "a" / "box", 60), "-o", tmp_path / "F")
    assert first.code == 0, first.err
    other = masks(tmp_path / "b" / "box", 56)
    again = codef(
        *words, "--masks", other, "--again", tmp_path / "F", "-o", tmp_path / "G", "--json"
    )
    assert again.code == 0, again.err
    assert again.last["fitted_again"] == ["box"]
    assert "everything was fitted anew" not in again.err
    for segment in ("segment_000", "segment_001"):
        before, after = (load_field(tmp_path / name / segment).layers[1] for name in "FG")
        assert np.array_equal(before.deformation.lattices, after.deformation.lattices)


def test_a_time_budget_is_shared_by_the_segments(codef: Codef, clip: Path, tmp_path: Path):
    told = codef("fit", clip, "--split", "1014", "--seconds", 0.1, "-o", tmp_path / "F", "--json")
    assert told.code == 0, told.err
    assert len(told.last["segments"]) == 2 and told.last["psnr_edit_path"] > 20


def test_a_split_that_cannot_be_is_bad_usage(codef: Codef, clip: Path, tmp_path: Path):
    for split in ("soon", "1001", "2000", "1003"):
        answer = codef("fit", clip, "--split", split, "--steps", 1, "-o", tmp_path / "F", "--json")
        assert answer.code == 2, split
        assert not (tmp_path / "F").exists()


def test_stills_of_each_segment_are_written_and_come_back(
    codef: Codef, linked: Path, clip: Path, tmp_path: Path
):
    written = codef("canonical", linked, "-o", tmp_path / "still.png", "--json").last
    names = [Path(name).name for name in written["written"]]
    assert names == ["still.s0.png", "still.s1.png"]
    assert [told["segment"] for told in written["layers"]] == [0, 1]
    still = cv2.imread(str(tmp_path / "still.s1.png"), cv2.IMREAD_UNCHANGED)
    middle = np.array(still.shape[:2]) // 2
    inside = tuple(slice(m - 6, m + 6) for m in middle)
    still[inside] = (0, 0, 65535, 65535)
    cv2.imwrite(str(tmp_path / "still.s1.png"), still)
    out = tmp_path / "out.%04d.png"
    answer = codef("propagate", linked, "--edit", tmp_path / "still.s1.png", "-o", out, "--json")
    assert answer.code == 0 and "segment 1" in answer.err
    painted = []
    for frame in range(1001, 1027):
        before = cv2.imread(str(clip / f"shot.{frame}.png")).astype(int)
        after = cv2.imread(str(tmp_path / f"out.{frame}.png")).astype(int)
        changed = np.abs(after - before).max(axis=2) > 0
        painted.append(int(changed.sum()))
        assert changed.mean() < 0.1, "the rest is bit for bit the plate's"
    assert min(painted[:20]) > 60, "it reaches the frames of the other segment"


def test_one_segment_is_asked_for_by_its_number(codef: Codef, linked: Path, tmp_path: Path):
    one = codef("canonical", linked, "--segment", 1, "-o", tmp_path / "one.exr", "--json").last
    assert [Path(name).name for name in one["written"]] == ["one.exr"]
    answer = codef("canonical", linked, "--segment", 2, "-o", tmp_path / "two.exr", "--json")
    assert answer.code == 2 and "segment 2" in answer.last["error"]["message"]


def test_points_are_tracked_over_the_whole_shot(codef: Codef, linked: Path, tmp_path: Path):
    points = tmp_path / "points.json"
    points.write_text(json.dumps([{"frame": 1003, "x": 60.5, "y": 30.5}]))
    out = tmp_path / "tracks.json"
    assert codef("track", linked, "--points", points, "-o", out).code == 0
    [track] = json.loads(out.read_text())["tracks"]
    assert [place["frame"] for place in track["points"]] == list(range(1001, 1027))
    world = PAN.to_world(2)[30, 60]
    for t in (0, 12, 25):
        place = track["points"][t]
        shown = PAN.to_world(t)[int(place["y"]), int(place["x"])]
        assert np.abs(shown - world).max() < 1.2


def test_frames_come_back_and_other_commands_take_the_shot(
    codef: Codef, linked: Path, tmp_path: Path
):
    out = tmp_path / "rec.%04d.png"
    assert codef("reconstruct", linked, "-o", out, "--frames", "1001,1013,1026").code == 0
    for frame in (1001, 1013, 1026):
        drawn = cv2.imread(str(tmp_path / f"rec.{frame}.png")).astype(float)[..., ::-1]
        plate = np.rint(PAN.frame(frame - 1001) * 255)
        assert 10 * np.log10(255**2 / np.mean((drawn - plate) ** 2)) > 30
    stmap = tmp_path / "st.%04d.exr"
    assert codef("stmap", linked, "-o", stmap, "--frames", "1020").code == 0
    stab = tmp_path / "stab.%04d.exr"
    assert codef("stabilise", linked, "-o", stab, "--frames", "1020").code == 0
    assert codef("check", linked).code == 0


def test_a_shot_of_several_segments_is_relinked_to_a_larger_plate(
    codef: Codef, linked: Path, clip: Path, tmp_path: Path
):
    plates = tmp_path / "large"
    plates.mkdir()
    for n, frame in enumerate(range(1001, 1027), 2001):
        shot = cv2.imread(str(clip / f"shot.{frame}.png"))
        large = cv2.resize(shot, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        grade = np.clip(large * np.array([0.8, 0.9, 1.0]) + 10, 0, 255).astype(np.uint8)
        cv2.imwrite(str(plates / f"g.{n}.png"), grade)
    out = tmp_path / "NEW"
    words = ("relink", linked, "--source", plates, "--offset", 1000, "-o", out, "--json")
    answer = codef(*words)
    assert answer.code == 0, answer.err
    assert answer.last["agrees"] and answer.last["psnr_edit_path"] > 30
    made = load_field(out)
    assert isinstance(made, LinkedField) and made.width == 2 * PAN.width
    assert made.frames == tuple(range(2001, 2027)) and len(made.segments.parts) == 2
    told = [each["frames"] for each in made.report["segments"]]
    assert told == ["2001-2018", "2009-2026"]
    # A point goes through the links to the other segment, in the new pixels.
    far = made.seen_from(1)
    place = np.array([[88.5, 64.5]], np.float32)
    old = load_field(linked).seen_from(1)
    here = old.layers[0].deformation.at(2, place / 2)[0]
    there = far.layers[0].deformation.at(2, place)[0]
    assert np.abs(there - 2 * here).max() < 0.3
    # It names its plate, so that the other commands find it.
    assert codef("check", out).code == 0


def test_maps_stable_plates_and_sheets_are_written_for_each_still(
    codef: Codef, linked: Path, tmp_path: Path
):
    maps = codef("stmap", linked, "-o", tmp_path / "st.%04d.exr", "--frames", "1005,1020", "--json")
    names = [Path(name).name for name in maps.last["written"]]
    assert names == ["st.s0.1005.exr", "st.s1.1020.exr"]
    assert [told["segment"] for told in maps.last["layers"]] == [0, 1]
    one = ("--segment", 1, "--frames", "1005", "--json")
    alone = codef("stmap", linked, "-o", tmp_path / "one.%04d.exr", *one)
    assert [Path(name).name for name in alone.last["written"]] == ["one.1005.exr"]
    assert codef("stmap", linked, "--segment", 2, "-o", tmp_path / "x.%04d.exr").code == 2
    told = codef("qc", linked, "-o", tmp_path / "qc.png", "--json")
    assert told.code == 0, told.err
    assert [each["frames"] for each in told.last["segments"]] == ["1001-1018", "1009-1026"]
    assert all(each["confidence"] > 0.9 for each in told.last["segments"])
    assert (tmp_path / "qc.s0.png").is_file() and (tmp_path / "qc.s1.png").is_file()


def test_work_on_the_stable_plate_of_a_segment_comes_back_into_its_frames(
    codef: Codef, linked: Path, clip: Path, tmp_path: Path
):
    words = ("--segment", 1, "--frames", "1020", "-o", tmp_path / "s.%04d.exr")
    assert codef("stabilise", linked, *words).code == 0
    path = tmp_path / "s.1020.exr"
    picture = replace(read_picture(path), native=None)
    y, x = (n // 2 for n in picture.pixels.shape[:2])
    picture.pixels[y - 5 : y + 5, x - 5 : x + 5] = (0.9, 0, 0, 1)
    write_picture(path, picture, WriteOptions(frame=1020))
    out = ("--frames", "1020", "-o", tmp_path / "out.%04d.png", "--json")
    answer = codef("propagate", linked, "--edit", tmp_path / "s.%04d.exr", *out)
    assert answer.code == 0, answer.err
    before = cv2.imread(str(clip / "shot.1020.png")).astype(int)
    after = cv2.imread(str(tmp_path / "out.1020.png")).astype(int)
    assert 50 < (np.abs(after - before).max(axis=2) > 20).sum() < 200


def test_keypoints_masks_and_shapes_are_followed_from_any_segment(
    codef: Codef, linked: Path, tmp_path: Path
):
    out = tmp_path / "tracks.json"
    found = ("track", linked, "--keypoints", "sift", "--count", 6, "--segment", 1, "-o", out)
    assert codef(*found).code == 0
    for track in json.loads(out.read_text())["tracks"]:
        assert len(track["points"]) == PAN.count
    mask = np.zeros((PAN.height, PAN.width), np.uint8)
    mask[20:40, 30:60] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    flags = ("--mask-frame", 1022, "--frames", "1022,1004", "-o", tmp_path / "m.%04d.png")
    assert codef("track", linked, "--mask", tmp_path / "mask.png", *flags).code == 0
    matte = cv2.imread(str(tmp_path / "m.1004.png"), cv2.IMREAD_GRAYSCALE)
    world, there = PAN.to_world(21)[20:40, 30:60].reshape(-1, 2), PAN.to_world(3)
    inside = (there > world.min(axis=0)).all(axis=2) & (there < world.max(axis=0)).all(axis=2)
    both = ((matte > 127) & inside).sum() / ((matte > 127) | inside).sum()
    assert both > 0.85
    square = [[x, y, 0, 0, 0, 0] for x, y in ((30, 20), (60, 20), (60, 40), (30, 40))]
    shapes = {"box": {"keys": {"1022": {"points": square}}}}
    (tmp_path / "shapes.json").write_text(json.dumps(shapes))
    words = ("--shapes", tmp_path / "shapes.json", "--every", 5, "-o", tmp_path / "keys.json")
    done = codef("track", linked, *words)
    assert done.code == 0, done.err
    keys = json.loads((tmp_path / "keys.json").read_text())["box"]["keys"]
    assert {"1001", "1022", "1026"} <= set(keys) and len(keys) < 10
    corner = keys["1001"]["points"][0][:2]
    truth = PAN.to_world(21)[20, 30] - 0.5
    shown = PAN.to_world(0)[int(corner[1]), int(corner[0])]
    assert np.abs(shown - truth).max() < 2


def test_frames_are_made_twice_as_large(codef: Codef, linked: Path, tmp_path: Path):
    out = tmp_path / "fine.%04d.png"
    words = ("reconstruct", linked, "--scale", 2, "--frames", "1013", "-o", out)
    assert codef(*words).code == 0
    drawn = cv2.imread(str(tmp_path / "fine.1013.png")).astype(float)[..., ::-1]
    assert drawn.shape == (2 * PAN.height, 2 * PAN.width, 3)
    plate = np.rint(PAN.frame(12) * 255)
    small = cv2.resize(drawn, (PAN.width, PAN.height), interpolation=cv2.INTER_AREA)
    assert 10 * np.log10(255**2 / np.mean((small - plate) ** 2)) > 30
