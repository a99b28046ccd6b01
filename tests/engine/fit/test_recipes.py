"""Recipes as data: inheritance, sentences, a person's own files, and what is refused."""

import re

import numpy as np
import pytest

from engine.errors import UsageError
from engine.fit.recipes import all_recipes, load_recipe, recipe_names, recipe_of
from engine.fit.run import fit
from engine.progress import silent
from tests.engine.fit.clips import Pan, request

PRESETS = ("articulated", "camera_pan", "final", "fluid", "preview", "product", "talking_head")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Keeps the recipes of whoever runs the tests out of them."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    monkeypatch.setenv("CODEF_RECIPES", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return folder


def write(folder, name, text):
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_presets_are_there():
    assert {"seeded", *PRESETS} <= set(recipe_names())


@pytest.mark.parametrize("name", ["seeded", *PRESETS])
def test_every_number_has_a_sentence(name):
    found = recipe_of(name)
    assert found.title and found.about.endswith(".")
    assert set(found.why) == set(found.numbers)
    for key in found.own:
        assert re.match(r"[A-Z].{30,}\.$", found.why[key]), key


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_states_only_what_differs_from_the_default(name):
    found, base = recipe_of(name), recipe_of("seeded")
    assert found.lineage == (name, "seeded")
    assert set(found.numbers) == set(base.numbers)
    changed = {key for key in base.numbers if found.numbers[key] != base.numbers[key]}
    assert changed == set(found.own)
    assert all(found.why[key] != base.why[key] for key in changed)


def test_a_sentence_that_speaks_of_its_number_names_the_right_one():
    """Digits in a sentence are the value's own; a tuned number must not leave its sentence."""
    words = "zero one two three four five six seven eight nine ten eleven twelve"
    words = words.split(" ")
    for name in ("seeded", *PRESETS):
        found = recipe_of(name)
        for key in ("passes", "full_passes", "coarse_passes", "robust", "step_limit", "momentum"):
            if key not in found.own:
                continue
            value, line = found.numbers[key], found.why[key].lower()
            said = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", line)]
            said += [words.index(w) for w in re.findall(r"[a-z]+", line) if w in words]
            assert not said or value in said, (name, key, line)


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_fits_a_clip(name):
    clip = Pan(count=4, height=96, width=112).clip()
    field = fit(request(clip, recipe=name, steps=3), silent())
    assert field.recipe == name
    assert field.report["steps"] == 3
    assert field.report["psnr_edit_path"] > 26
    assert field.report["schedule"]["recipe"] == load_recipe(name)


def test_a_file_of_ones_own_is_found_by_name_and_by_path(own_folder, tmp_path):
    write(own_folder, "mine", 'base = "fluid"\npasses = 9\n[why]\npasses = "Enough for me."\n')
    assert "mine" in recipe_names()
    mine = recipe_of("mine")
    assert mine.lineage == ("mine", "fluid", "seeded")
    assert mine.method == "seeded"
    assert mine.numbers["passes"] == 9
    assert mine.numbers["finest_spacing"] == recipe_of("fluid").numbers["finest_spacing"]
    assert mine.why["passes"] == "Enough for me."
    path = write(tmp_path, "other", 'base = "seeded"\nstiffness = 1\n')
    stiffness = load_recipe(str(path))["stiffness"]
    assert stiffness == 1.0 and isinstance(stiffness, float)
    write(tmp_path, "third", 'base = "other.toml"\n')
    assert load_recipe(str(tmp_path / "third.toml"))["stiffness"] == 1.0


def test_a_sentence_of_the_base_does_not_explain_another_number(own_folder):
    write(own_folder, "mine", 'base = "seeded"\npasses = 9\n')
    assert "passes" not in recipe_of("mine").why


def test_the_configuration_folder_is_searched(tmp_path, monkeypatch):
    import platformdirs

    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_, **__: tmp_path / "c")
    (tmp_path / "c" / "recipes").mkdir(parents=True)
    write(tmp_path / "c" / "recipes", "at_home", 'base = "seeded"\n')
    assert "at_home" in recipe_names()


def test_a_file_cannot_take_an_installed_name(own_folder, caplog):
    write(own_folder, "seeded", 'base = "fluid"\n')
    assert recipe_of("seeded").lineage == ("seeded",)
    assert "its name is taken" in caplog.text


def test_a_broken_file_does_not_hide_the_others(own_folder, caplog):
    write(own_folder, "broken", "passes = ")
    assert "seeded" in [found.name for found in all_recipes()]
    assert "broken.toml" in caplog.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('base = "nowhere"', "its base 'nowhere' is not there"),
        ('base = "nowhere.toml"', "its base 'nowhere.toml' is not there"),
        ("base = 3", "'base' must be text"),
        ("passes = 3", "it names no base"),
        ('base = "mine"', "inherits from itself"),
        ('base = "seeded"\nsharpness = 1', "'sharpness' is no number of its base seeded"),
        ('base = "seeded"\npasses = "many"', "passes of .* must be a whole number"),
        ('base = "seeded"\npasses = 2.5', "passes of .* must be a whole number"),
        ('base = "seeded"\npasses = true', "passes of .* must be a whole number"),
        ('base = "seeded"\nlighting = 1', "lighting of .* must be true or false"),
        ('base = "seeded"\nrobust = nan', "robust of .* must be a number"),
        ('base = "seeded"\nhold = -1', "hold of .* must be at least 0"),
        ('base = "seeded"\nfinest_spacing = 0', "finest_spacing of .* must be from 1 to"),
        ('base = "seeded"\n[why]\nmagic = "So."', "explains 'magic'"),
        ('base = "seeded"\n[why]\npasses = 3', "'passes' in its table .why. must be a sentence"),
        ('base = "seeded"\nwhy = 3', "must be a sentence"),
        ('base = "seeded"\n[passes]\nx = 1', "passes of .* must be a whole number"),
        ('base = "seeded', "no valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_number(own_folder, text, said):
    write(own_folder, "mine", text)
    with pytest.raises(UsageError, match=said) as caught:
        recipe_of("mine")
    assert "mine.toml" in str(caught.value)


def test_a_circle_of_files_is_refused(own_folder):
    write(own_folder, "a", 'base = "b"')
    write(own_folder, "b", 'base = "a"')
    with pytest.raises(UsageError, match=r"a.toml -> b.toml -> a.toml"):
        load_recipe("a")


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path):
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("x.toml", "y.toml"):
        with pytest.raises(UsageError, match=name):
            load_recipe(str(tmp_path / name))


@pytest.mark.parametrize(
    "wrong", [{"passes": 2.5}, {"robust": float("inf")}, {"robust": "low"}, {"momentum": 2}]
)
def test_a_number_that_cannot_be_is_refused_as_an_override_too(wrong):
    with pytest.raises(UsageError, match=f"{next(iter(wrong))} of recipe seeded must be"):
        load_recipe("seeded", wrong)


def test_a_whole_number_is_a_number():
    assert load_recipe("seeded", {"robust": 1})["robust"] == 1.0
    assert load_recipe("auto", {"passes": 3.0})["passes"] == 3


def test_a_fit_by_a_file_keeps_its_numbers_when_the_file_goes(own_folder, tmp_path):
    path = write(tmp_path, "mine", 'base = "seeded"\nmedium_passes = 2\ncoarse_passes = 1\n')
    clip = Pan(count=3, height=96, width=112).clip()
    first = fit(request(clip, recipe=str(path), steps=4), silent())
    path.unlink()
    numbers = dict(first.report["schedule"]["recipe"])
    numbers.pop("name")
    again = fit(request(clip, steps=4, overrides=numbers), silent())
    assert numbers["medium_passes"] == 2
    np.testing.assert_array_equal(
        first.layers[0].deformation.lattices, again.layers[0].deformation.lattices
    )


def test_a_recipe_may_inherit_from_the_published_one(tmp_path):
    from engine.fit.paper.numbers import Numbers

    path = write(tmp_path, "mine", 'base = "paper"\nsteps = 12\n')
    assert recipe_of(str(path)).method == "paper"
    assert Numbers.load(recipe=str(path)).steps == 12
