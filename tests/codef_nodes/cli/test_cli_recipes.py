"""Recipes and advice from the outside."""

import json
from pathlib import Path

import cv2
import pytest

from codef_nodes.graph.registry import DEFAULT
from codef_nodes.work.masks import folder_masks
from codef_nodes.work.recipepage import described
from engine.fit.recipes import all_recipes, recipe_of
from engine.metrics.segmentation import region
from tests.codef_nodes.cli.tinyclip import Codef
from tests.engine.fit.test_propose import clip as crossing_clip


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "own recipes"
    folder.mkdir()
    monkeypatch.setenv("CODEF_RECIPES", str(folder))
    return folder


def test_the_list_of_recipes_explains_each_number(codef: Codef, own_folder: Path) -> None:
    (own_folder / "mine.toml").write_text(
        'base = "fluid"\ntitle = "Lava"\npasses = 7\n[why]\npasses = "It is slow."\n', "utf-8"
    )
    told = codef("fit", "--recipes", "--json").last["recipes"]
    assert told[0]["name"] == "seeded"
    mine = next(each for each in told if each["name"] == "mine")
    assert (mine["title"], mine["base"], mine["own"]) == ("Lava", "fluid", ["passes"])
    assert mine["numbers"]["passes"] == 7
    assert mine["why"]["passes"] == "It is slow."
    text = codef("fit", "--recipes").out
    for each in all_recipes():
        assert described(each) in text
    assert "    passes = 7\n        It is slow." in text


def test_the_knob_offers_the_recipes_that_are_installed() -> None:
    knob = DEFAULT.node_class("FitCoDeF").knob("recipe")
    assert knob is not None
    seeded = [each.name for each in all_recipes(own=False) if each.method == "seeded"]
    assert list(knob.choices) == ["auto", *seeded]


def test_advice_is_printed_and_nothing_is_fitted(codef: Codef, clip: Path) -> None:
    answer = codef("fit", clip, "--advise", "--json")
    assert answer.code == 0
    advice = answer.last["advice"]
    assert recipe_of(advice["recipe"]).method == "seeded"
    assert advice["statistics"]["pairs"] > 0
    assert "field" not in answer.last
    said = codef("fit", clip, "--advise")
    assert said.out.strip() == f"{advice['recipe']}: {advice['reason']}"


def test_a_fit_says_what_is_proposed_and_keeps_it(
    codef: Codef, clip: Path, layered: Path, tmp_path: Path
) -> None:
    advice = codef("fit", clip, "--advise", "--json").last["advice"]
    assert advice.pop("split") == []
    target = tmp_path / "F"
    answer = codef("fit", clip, "--recipe", "auto", "--steps", 1, "-o", target, "--json")
    assert answer.code == 0
    assert answer.last["recipe"] == advice["recipe"]
    assert answer.last["advice"] == advice
    assert f"recipe {advice['recipe']}: {advice['reason']}" in answer.err
    kept = json.loads((target / "field.json").read_text(encoding="utf-8"))
    assert kept["recipe"] == advice["recipe"]
    assert kept["report"]["advice"] == advice
    answer = codef("fit", clip, "--recipe", "preview", "--steps", 1, "-o", target, "--json")
    assert answer.last["recipe"] == "preview"
    assert answer.last["advice"] == advice
    assert "recipe preview; " in answer.err


def test_a_recipe_file_is_used_by_its_path(codef: Codef, clip: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('base = "seeded"\npasses = 2\n', "utf-8")
    answer = codef("fit", clip, "--recipe", mine, "-o", tmp_path / "F", "--json")
    assert answer.last["steps"] == 2
    assert answer.last["schedule"]["recipe"]["passes"] == 2
    mine.write_text('base = "seeded"\npasses = "two"\n', "utf-8")
    answer = codef("fit", clip, "--recipe", mine, "-o", tmp_path / "G", "--json")
    assert answer.code == 2
    assert "mine.toml" in answer.last["error"]["message"]
    assert "passes" in answer.last["error"]["message"]


@pytest.mark.parametrize("words", [[], ["clip"], ["-o", "F"]])
def test_a_fit_without_clip_or_field_is_refused(codef: Codef, words: list[str]) -> None:
    answer = codef("fit", *words, "--json")
    assert answer.code == 2
    assert "codef fit INPUT -o FIELD" in answer.last["error"]["message"]


def test_the_node_notes_what_is_proposed(codef: Codef, clip: Path, tmp_path: Path) -> None:
    """Once, when it fits; a render that finds the fit says nothing of recipes."""
    wired = [
        ("Clip", "LoadSequence", {"file": str(clip)}, {}),
        ("Fit", "FitCoDeF", {"steps": 1, "recipe": "auto"}, {"clip": "Clip"}),
        ("Still", "CanonicalView", {}, {"field": "Fit"}),
        ("Write", "WriteSequence", {"file": "still.png"}, {"image": "Still"}),
    ]
    nodes = {
        name: {"type": kind, "version": 1, "knobs": knobs, "inputs": wires}
        for name, kind, knobs, wires in wired
    }
    document = tmp_path / "shot.codef"
    document.write_text(json.dumps({"codef": {"schema": 1}, "settings": {}, "nodes": nodes}))
    first = codef("render", document, "--json")
    assert first.code == 0, first.err
    noted = [told for told in first.last["warnings"] if told.startswith("Fit: recipe ")]
    assert len(noted) == 1
    fitted = json.loads((tmp_path / "shot_Fit_fit_v001" / "field.json").read_text("utf-8"))
    assert noted[0] == f"Fit: recipe {fitted['recipe']}: {fitted['report']['advice']['reason']}"
    again = codef("render", document, "--json")
    assert again.code == 0
    assert not any("recipe" in told for told in again.last.get("warnings", []))


def test_groups_that_the_motion_suggests_are_written_as_masks(codef: Codef, tmp_path: Path) -> None:
    frames, truth = crossing_clip(4.0)
    source = tmp_path / "crossing"
    source.mkdir()
    for t, frame in enumerate(frames):
        cv2.imwrite(str(source / f"f.{1001 + t}.png"), frame[..., ::-1])
    told = codef("fit", source, "--propose-groups", tmp_path / "groups", "--json").last["advice"]
    (group,) = told["groups"]
    assert group["frames"] == [1001, 1000 + len(frames)]
    assert "one still cannot explain frames 1001-" in group["sentence"]
    masks = folder_masks([group["masks"]], range(1001, 1001 + len(frames)), range(1001, 1012 + 1))
    assert masks[0].name == "moving"
    middle = len(frames) // 2
    assert region(truth[middle], masks[0].mask(1001 + middle) > 127) > 0.5
    said = codef("fit", source, "--propose-groups", tmp_path / "groups")
    assert f"--masks {group['masks']}" in said.out
    still = tmp_path / "still"
    still.mkdir()
    for t in range(4):
        cv2.imwrite(str(still / f"f.{t}.png"), frames[0])
    assert "no group is proposed" in codef("fit", still, "--propose-groups", tmp_path / "no").out
    assert not (tmp_path / "no").exists()
