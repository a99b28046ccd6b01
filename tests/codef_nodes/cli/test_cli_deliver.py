"""``codef stabilise``, edits of its sequence, ST maps between frames, and the QC sheet."""

import base64
import contextlib
import io
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from codef_nodes.__main__ import main
from engine.fields.folder import load_field
from engine.io.picture import Picture
from engine.io.read import read_parts, read_picture
from engine.io.write import WriteOptions, write_parts, write_picture
from tests.codef_nodes.cli.tinyclip import FRAMES, HEIGHT, WIDTH, Codef, read_png, write_png


@pytest.mark.parametrize("name", ["s.%04d.exr", "s.%04d.png"])
def test_an_unedited_stabilised_sequence_gives_the_clip_back(
    codef: Codef, clip: Path, field: Path, tmp_path: Path, name: str
) -> None:
    stable = tmp_path / "stab" / name
    answer = codef("stabilise", field, "--frames", "1001-1003", "-o", stable, "--json")
    assert answer.code == 0 and len(answer.last["written"]) == 3
    out = tmp_path / "out" / "o.%04d.png"
    words = ("--edit", stable, "--frames", "1001-1003", "-o", out, "--json")
    answer = codef("propagate", field, *words)
    assert answer.code == 0 and "stabilised" in answer.last["edits"][0]["placement"]
    for frame in FRAMES[:3]:
        made = read_png(tmp_path / "out" / f"o.{frame}.png")
        assert np.array_equal(made, read_png(clip / f"shot.{frame}.png"))


def test_the_stabilised_layers_are_parts_with_the_windows_of_the_canonical_images(
    codef: Codef, layered: Path, clip: Path, tmp_path: Path
) -> None:
    assert codef("canonical", layered, "-o", tmp_path / "c.exr").code == 0
    arguments = ("--frames", "1004", "-o", tmp_path / "s.%04d.exr")
    assert codef("stabilise", layered, *arguments).code == 0
    stills, stables = read_parts(tmp_path / "c.exr"), read_parts(tmp_path / "s.1004.exr")
    for (name, still), (same, stable) in zip(stills, stables, strict=True):
        assert name == same
        assert (still.display, still.data) == (stable.display, stable.data)
        assert int(stable.metadata["codef/stabilised"]) == 1004
    # An edit of one part reaches its own layer only, in its own frame only.
    pixels = stables[0][1].pixels.copy()
    pixels[..., :3] *= 3
    graded = Picture(pixels, stables[0][1].display, stables[0][1].data)
    parts = [("actor", graded), stables[1]]
    (tmp_path / "e").mkdir()
    write_parts(tmp_path / "e" / "e.1004.exr", parts, WriteOptions(bits=16))
    out = tmp_path / "o.%04d.png"
    edit = tmp_path / "e" / "e.%04d.exr"
    answer = codef("propagate", layered, "--edit", edit, "--frames", 1004, "-o", out, "--json")
    assert answer.code == 0
    made, plate = read_png(tmp_path / "o.1004.png"), read_png(clip / "shot.1004.png")
    changed = (made != plate).any(axis=2)
    assert changed[14:28, 22:42].mean() > 0.95
    outside = changed.copy()
    outside[10:32, 18:46] = False  # the hard mask got soft edges
    assert not outside.any()
    missing = codef("propagate", layered, "--edit", edit, "--frames", 1005, "-o", out, "--json")
    assert missing.code == 3 and "--frames" in missing.last["error"]["message"]


def test_a_sprite_that_moves_on_the_stabilised_sequence_arrives(
    codef: Codef, field: Path, clip: Path, tmp_path: Path
) -> None:
    known = load_field(field)
    stable = tmp_path / "s.%04d.exr"
    assert codef("stabilise", field, "--frames", "1002,1006", "-o", stable).code == 0
    for frame, x in ((1002, 30), (1006, 44)):
        picture = read_picture(tmp_path / f"s.{frame}.exr")
        pixels = picture.pixels.copy()
        column, row = x - picture.data.x0, 24 - picture.data.y0
        pixels[row - 4 : row + 4, column - 4 : column + 4] = (1, 0, 0, 1)
        # As a compositor writes it: the same windows, no header of ours.
        plain = Picture(pixels, picture.display, picture.data)
        write_picture(tmp_path / f"e.{frame}.exr", plain, WriteOptions(bits=16))
    words = ("--edit", tmp_path / "e.%04d.exr", "--frames", "1002,1006")
    assert codef("propagate", field, *words, "-o", tmp_path / "o.%04d.png").code == 0
    for frame, x in ((1002, 30), (1006, 44)):
        made = read_png(tmp_path / f"o.{frame}.png")[..., ::-1].astype(int)
        red = (made[..., 0] > 200) & (made[..., 1] < 40)
        place = known.layers[0].deformation.positions(known.index(frame))[red].mean(axis=0)
        assert 40 < red.sum() < 90
        assert place == pytest.approx((x, 24), abs=0.5)
        plate = read_png(clip / f"shot.{frame}.png")[..., ::-1]
        assert (made == plate).all(axis=2).sum() > WIDTH * HEIGHT - 200


def test_stabilise_says_what_it_cannot_do(codef: Codef, layered: Path, tmp_path: Path) -> None:
    several = codef("stabilise", layered, "-o", tmp_path / "s.%04d.png", "--json")
    assert several.code == 2 and "--layer" in several.last["error"]["message"]
    jpeg = codef("stabilise", layered, "-o", tmp_path / "s.%04d.jpg", "--json")
    assert jpeg.code == 2 and "alpha" in jpeg.last["error"]["message"]
    one = codef("stabilise", layered, "-o", tmp_path / "s.exr", "--json")
    assert one.code == 2 and "%04d" in one.last["error"]["message"]
    assert codef("stabilise", layered, "--layer", 7, "-o", tmp_path / "s.%04d.exr").code == 2


def test_st_maps_lead_from_frame_to_frame(
    codef: Codef, field: Path, clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "st.exr"
    answer = codef("stmap", field, "--from", 1002, "--to", 1007, "-o", out, "--json")
    assert answer.code == 0 and (answer.last["from"], answer.last["frames"]) == (1002, [1007])
    st = read_picture(out, colour_space="raw")
    assert st.metadata["codef/stmap"] == "frame-to-frame"
    x = (st.pixels[..., 0] * WIDTH - 0.5).astype("f4")
    y = ((1 - st.pixels[..., 1]) * HEIGHT - 0.5).astype("f4")
    there, here = (read_png(clip / f"shot.{frame}.png") for frame in (1002, 1007))
    warped = cv2.remap(there, x, y, cv2.INTER_LINEAR)
    valid = st.pixels[..., 3] > 0.5
    # The pan is two pixels to the right and one down a frame.
    assert 0.7 < valid.mean() < 0.85
    assert np.median((x - np.arange(WIDTH))[valid]) == pytest.approx(10, abs=0.2)
    gap = np.abs(warped.astype(int) - here)[valid].mean()
    assert gap < np.abs(there.astype(int) - here)[valid].mean() / 6
    many = codef("stmap", field, "--from", 1002, "-o", tmp_path / "m" / "st.%04d.tif", "--json")
    assert many.last["frames"] == list(FRAMES) and len(many.last["written"]) == len(FRAMES)


def test_st_maps_between_frames_say_what_is_wrong(
    codef: Codef, field: Path, tmp_path: Path
) -> None:
    out = tmp_path / "st.%04d.exr"
    for flags, code, says in (
        (("--to", 1003), 2, "--from"),
        (("--from", 1002, "--to", 1003, "--frames", "1001"), 2, "not both"),
        (("--from", 1002, "--direction", "to-frame"), 2, "--direction"),
        (("--from", 9), 3, "no frame 9"),
        (("--from", 1002, "--layer", 3), 2, "no layer 3"),
    ):
        answer = codef("stmap", field, *flags, "-o", out, "--json")
        assert answer.code == code and says in answer.last["error"]["message"]


@pytest.fixture(scope="module")
def sheet(layered: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A QC sheet of a fit in a folder whose name wants escaping, and what the command said."""
    folder = tmp_path_factory.mktemp("qc")
    copy = folder / "a & <b>"
    shutil.copytree(layered, copy)
    known = json.loads((layered / "field.json").read_text(encoding="utf-8"))["source"]["path"]
    source = str((layered / known).resolve())
    said = io.StringIO()
    arguments = ["qc", str(copy), "--source", source, "-o", str(folder / "qc.html"), "--json"]
    with contextlib.redirect_stdout(said):
        assert main(arguments) == 0
    return folder / "qc.html", json.loads(said.getvalue().strip().splitlines()[-1])


def test_a_qc_sheet_is_a_page_that_needs_nothing_else(
    sheet: tuple[Path, Any], layered: Path
) -> None:
    path, answer = sheet
    assert answer["written"] == [str(path), str(path.with_suffix(".png"))]
    page = path.read_text(encoding="utf-8")
    reader = Page()
    reader.feed(page)
    reader.close()
    assert not reader.open
    assert not {"script", "iframe", "link", "object"} & set(reader.tags)
    assert reader.tags.count("img") == 5 + 5 + 2 * 3 and reader.tags.count("svg") == 3
    for address in reader.addresses:
        assert address.startswith("data:image/jpeg;base64,")
        data = base64.b64decode(address.split(",", 1)[1], validate=True)
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert picture.ndim == 3 and picture.std() > 1
    assert page.count(f">reference {load_field(layered).reference}<") == 3
    assert "a &amp; &lt;b&gt;" in page and "<b>" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert read_png(path.with_suffix(".png")).shape[1] > 1500


def test_a_qc_sheet_tells_the_figures_that_other_commands_tell(
    sheet: tuple[Path, Any], layered: Path
) -> None:
    _, answer = sheet
    report = load_field(layered).report
    assert answer["psnr"] == pytest.approx(report["psnr"], abs=0.1)
    assert answer["psnr_edit_path"] == pytest.approx(report["psnr_edit_path"], abs=0.1)
    worst = [each["confidence"] for each in answer["worst_frames"]]
    assert worst == sorted(worst) and len(worst) == 5 and max(worst) <= 1
    assert {each["name"] for each in answer["layers"]} == {"actor", "background"}
    for spot in answer["next_pins"]:
        assert spot["frame"] in FRAMES
        assert 0 <= spot["x"] <= WIDTH and 0 <= spot["y"] <= HEIGHT


def test_a_frame_that_the_field_does_not_explain_is_the_worst_and_gets_the_first_pin(
    codef: Codef, field: Path, clip: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(clip, other)
    file = other / "shot.1005.png"
    spoilt = read_png(file)
    spoilt[8:24, 30:54] = 255 - spoilt[8:24, 30:54]
    write_png(file, spoilt)
    out = tmp_path / "qc.png"
    answer = codef("qc", field, "--source", other, "-o", out, "--json")
    assert answer.code == 0 and answer.last["written"] == [str(out)]
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["qc.png"]
    assert answer.last["worst_frames"][0]["frame"] == 1005
    spot = answer.last["next_pins"][0]
    assert spot["frame"] == 1005 and spot["worth"] == 1
    assert 24 < spot["x"] < 60 and 2 < spot["y"] < 30


def test_a_qc_sheet_says_what_it_cannot_write(codef: Codef, field: Path, tmp_path: Path) -> None:
    answer = codef("qc", field, "-o", tmp_path / "qc.pdf", "--json")
    assert answer.code == 2 and ".html" in answer.last["error"]["message"]
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    assert codef("qc", field, "-o", blocked / "qc.html", "--json").code == 3


def test_passes_of_the_field_are_written_as_figures(
    codef: Codef, layered: Path, tmp_path: Path
) -> None:
    wanted = ("--frames", "1004", "-o", tmp_path / "m.exr")
    assert codef("reconstruct", layered, "--pass", "matte", *wanted).code == 0
    made = read_picture(tmp_path / "m.exr", colour_space="raw").pixels
    assert np.array_equal(made, np.repeat(made[..., :1], 4, 2))
    # The hard mask got soft edges, two pixels to each side.
    assert made[14:28, 22:42].min() > 0.7
    made[10:32, 18:46] = 0
    assert not made.any()
    back = ("--frames", "1004", "--layer", 1, "-o", tmp_path / "m.png")
    assert codef("reconstruct", layered, "--pass", "visibility", *back).code == 0
    grey = read_png(tmp_path / "m.png")[..., 0]
    assert grey[14:28, 22:42].max() < 0.3 * 65535 and (grey > 0).mean() > 0.8
    assert codef("reconstruct", layered, "--pass", "confidence", *wanted).code == 0
    made = read_picture(tmp_path / "m.exr", colour_space="raw").pixels
    assert 0.7 < made[..., 0].mean() <= 1
    for flags in (("--layer", 1), ("--pass", "matte", "--edit-path"), ("--pass", "depth")):
        assert codef("reconstruct", layered, *flags, *wanted).code == 2
    assert codef("reconstruct", layered, "--pass", "matte", "--layer", 5, *wanted).code == 2


def test_the_edit_alone_lies_over_the_plate(
    codef: Codef, field: Path, clip: Path, tmp_path: Path
) -> None:
    assert codef("canonical", field, "-o", tmp_path / "c.exr").code == 0
    still = read_picture(tmp_path / "c.exr")
    pixels = still.pixels.copy()
    row, column = 20 - still.data.y0, 30 - still.data.x0
    pixels[row - 5 : row + 5, column - 5 : column + 5] = (1, 0, 0, 1)
    edited = Picture(pixels, still.display, still.data)
    write_picture(tmp_path / "e.exr", edited, WriteOptions(bits=16))
    painted = read_png(clip / "shot.1003.png")
    painted[16:24, 26:34] = (0, 255, 0)
    write_png(tmp_path / "p.png", painted)
    for words in (("--edit", tmp_path / "e.exr"), ("--edit-frame", f"1003={tmp_path / 'p.png'}")):
        common = (*words, "--frames", "1005")
        assert codef("propagate", field, *common, "-o", tmp_path / "w.exr").code == 0
        assert (
            codef("propagate", field, *common, "--pass", "edit", "-o", tmp_path / "a.exr").code == 0
        )
        whole, alone = read_picture(tmp_path / "w.exr"), read_picture(tmp_path / "a.exr")
        plate = read_picture(clip / "shot.1005.png")
        over = alone.rgb + plate.rgb * (1 - alone.alpha[..., None])
        assert np.allclose(over, whole.rgb, atol=2e-3)
        assert 30 < (alone.alpha > 0.5).sum() < 160 and alone.alpha[:4].max() == 0
    jpeg = codef("propagate", field, *common, "--pass", "edit", "-o", tmp_path / "a.jpg", "--json")
    assert jpeg.code == 2 and "alpha" in jpeg.last["error"]["message"]
    edit = ("--edit", tmp_path / "e.exr", "--frames", "1005", "-o", tmp_path / "f.exr")
    for name, least in (("light", 0.3), ("holdout", 0.0), ("highlight", 0.0), ("blur", 0.0)):
        assert codef("propagate", field, *edit, "--pass", name).code == 0
        pixels = read_picture(tmp_path / "f.exr", colour_space="raw").pixels
        assert pixels.shape[:2] == (HEIGHT, WIDTH) and least <= pixels.min()
    assert codef("propagate", field, *edit, "--pass", "light", "--mode", "replace").code == 2


def test_the_passes_of_the_command_are_those_of_the_node() -> None:
    from codef_nodes.cli.propagate import PASSES
    from codef_nodes.nodes.propagate import OUTPUTS
    from engine.edit.aovs import AOVS

    assert PASSES == OUTPUTS and set(OUTPUTS[2:]) <= set(AOVS)


class Page(HTMLParser):
    """The tags of a page, and which are left open."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(value) for name, value in attrs if name == "src"]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag
        self.open.pop()
