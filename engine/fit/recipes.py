"""Recipes: named sets of numbers, each explained in a sentence.

A recipe is a TOML file, data that nothing runs. It may name a ``base``, whose numbers it inherits;
then it states only those that differ. The table ``[why]`` holds a sentence for each number. Besides
the recipes that come with the program there are those of the folders in ``$CODEF_RECIPES``, those
of the user's configuration folder (``codef/recipes``), and any file that is named by its path.
"""

import logging
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from engine.errors import UsageError

log = logging.getLogger(__name__)

#: Not a recipe: the fit takes the one that the clip's own motion suggests.
AUTO = "auto"
#: The recipe that suits every clip.
DEFAULT = "seeded"
#: What a file says besides numbers.
WORDS = ("name", "base", "title", "about")
#: Where numbers of the ``seeded`` family make sense: least and largest value.
LIMITS: dict[str, tuple[float, float]] = {
    "seed_spacing": (4, 256),
    "finest_spacing": (1, 256),
    "step_limit": (1e-3, 64),
    "solver_rounds": (1, 1000),
    "robust": (1e-3, 100),
    "momentum": (0, 0.95),
    "glide": (0, 0.9),
    "visible": (1e-4, 10),
    "softest": (1e-6, 1),
    "temporal": (0, 20),
}


@dataclass(frozen=True)
class Recipe:
    """A recipe and what it says about itself.

    Attributes:
        name: What ``--recipe`` takes: the file's name without ending, or its path.
        title: What a menu shows.
        about: One sentence: for which clips.
        lineage: The recipe, its base, the base of that, ... by name; the last one is the method.
        numbers: All of them, inherited ones too.
        own: Names of the numbers that the recipe states itself.
        why: Name of a number to the sentence that explains its value here.
        file: Where it lies, for messages.
    """

    name: str
    title: str
    about: str
    lineage: tuple[str, ...]
    numbers: dict[str, Any]
    own: tuple[str, ...]
    why: dict[str, str]
    file: str

    @property
    def method(self) -> str:
        """The recipe at the root of the lineage: ``seeded`` or ``paper``."""
        return self.lineage[-1]

    def as_dict(self) -> dict[str, Any]:
        """What ``codef fit --recipes --json`` prints of it."""
        return {
            "name": self.name,
            "title": self.title,
            "about": self.about,
            "base": self.lineage[1] if len(self.lineage) > 1 else None,
            "numbers": dict(self.numbers),
            "own": list(self.own),
            "why": dict(self.why),
            "file": self.file,
        }


def user_folders() -> list[Path]:
    """Where a person's or a studio's own recipes are looked for, first come first served."""
    named = [Path(part) for part in os.environ.get("CODEF_RECIPES", "").split(os.pathsep) if part]
    try:
        import platformdirs
    except ImportError:
        return named  # a bare machine that only computes has no person with folders
    return [*named, Path(platformdirs.user_config_path("codef", appauthor=False)) / "recipes"]


def recipe_names() -> list[str]:
    """Names of the recipes that can be had by name."""
    return sorted(_known())


def all_recipes(*, own: bool = True) -> list[Recipe]:
    """Every recipe that can be had by name, the default one first, baselines last.

    Args:
        own: Those of the user's folders too; False: only those that come with the program.

    A file of the user's that is no valid recipe is left out with a warning.
    """
    found = []
    for name in recipe_names() if own else sorted(_installed()):
        try:
            found.append(recipe_of(name))
        except UsageError as error:
            log.warning("%s", error)
    return sorted(found, key=lambda each: (each.method != DEFAULT, len(each.lineage), each.name))


def recipe_of(name: str) -> Recipe:
    """A recipe by its name or path.

    Args:
        name: ``seeded``, ``paper``, ..., or the path of a file that ends in ``.toml``.

    Raises:
        UsageError: No such recipe, or the file is no valid one: bad TOML, a base that does not
            exist or leads back to itself, a number that the base does not know, a wrong type.
    """
    return _read(name, _place(name), ())


def load_recipe(name: str, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The numbers of a recipe.

    Args:
        name: As for ``recipe_of``; ``auto`` gives the numbers of the default recipe.
        overrides: Numbers to change.

    Raises:
        UsageError: No such recipe, or an override that the recipe does not know or cannot take.
    """
    found = recipe_of(DEFAULT if name == AUTO else name)
    numbers = {"name": found.name, **found.numbers}
    for key, value in (overrides or {}).items():
        if key not in found.numbers:
            known = ", ".join(sorted(found.numbers))
            raise UsageError(f"recipe {found.name} has no number {key!r}; it has {known}")
        where = f"{key} of recipe {found.name}"
        numbers[key] = _checked(key, value, found.numbers[key], where, found.method)
    return numbers


def _installed() -> dict[str, Traversable]:
    folder = files("presets").joinpath("recipes")
    return {
        entry.name.removesuffix(".toml"): entry
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    }


def _known() -> dict[str, Path | Traversable]:
    """Name to file; a file of the user's cannot take the place of an installed one."""
    found: dict[str, Path | Traversable] = dict(_installed())
    for place in user_folders():
        try:
            entries = sorted(place.glob("*.toml"))
        except OSError:
            continue
        for entry in entries:
            if entry.stem == AUTO or entry.stem in found:
                log.warning("the recipe %s is left out: its name is taken; rename it", entry)
                continue
            found[entry.stem] = entry
    return found


def _place(name: str) -> Path | Traversable:
    known = _known()
    if name in known:
        return known[name]
    if name.endswith(".toml"):
        return Path(name).expanduser()
    raise UsageError(
        f"no recipe {name!r}; choose one of {', '.join([AUTO, *sorted(known)])}, or give the path "
        "of a .toml file"
    )


def _text(name: str, place: Path | Traversable) -> str:
    try:
        return place.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"the recipe {place} is no UTF-8 text; save it as such") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"the recipe {name} cannot be read ({reason}); check the path") from error


def _read(name: str, place: Path | Traversable, below: tuple[str, ...]) -> Recipe:
    """Reads a recipe and its bases; ``below`` are the files that led here."""
    if str(place) in below:
        circle = " -> ".join(Path(file).name for file in (*below, str(place)))
        raise UsageError(
            f"the recipe {below[0]} inherits from itself ({circle}); change a base",
            file=below[0],
        )
    try:
        content = tomllib.loads(_text(name, place))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"the recipe {place} is no valid TOML: {error}; correct it", file=str(place)
        ) from None
    words = {key: content.pop(key) for key in WORDS if key in content}
    why = content.pop("why", {})
    for key, value in words.items():
        if not isinstance(value, str):
            raise _broken(place, f"its {key!r} must be text, not {value!r}")
    if not isinstance(why, dict) or not all(isinstance(line, str) for line in why.values()):
        lines = why if isinstance(why, dict) else {"why": why}
        bad = next(key for key, line in lines.items() if not isinstance(line, str))
        raise _broken(place, f"{bad!r} in its table [why] must be a sentence; numbers stand above")
    inherited: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    lineage: tuple[str, ...] = (name,)
    if "base" in words:
        base = words["base"]
        parent = _read(base, _base(base, place), (*below, str(place)))
        inherited, reasons = dict(parent.numbers), dict(parent.why)
        lineage = (name, *parent.lineage)
    elif name not in _installed():
        raise _broken(place, f'it names no base; add base = "{DEFAULT}"')
    for key, value in content.items():
        where = f"{key} of the recipe {place}"
        if "base" in words and key not in inherited:
            known = ", ".join(sorted(inherited))
            raise _broken(
                place, f"{key!r} is no number of its base {words['base']}; it has {known}"
            )
        inherited[key] = _checked(key, value, inherited.get(key, value), where, lineage[-1])
    for key in why:
        if key not in inherited:
            raise _broken(place, f"its table [why] explains {key!r}, which is no number of it")
    return Recipe(
        name=name,
        title=words.get("title", Path(name).stem.replace("_", " ").capitalize()),
        about=words.get("about", ""),
        lineage=lineage,
        numbers=inherited,
        own=tuple(content),
        why={**{k: v for k, v in reasons.items() if k not in content}, **why},
        file=str(place),
    )


def _base(base: str, place: Path | Traversable) -> Path | Traversable:
    """The file of a base; a relative path starts from the folder of the recipe that names it."""
    found: Path | Traversable | None = _known().get(base)
    if found is None and base.endswith(".toml") and isinstance(place, Path):
        found = place.parent / Path(base).expanduser()
    if found is None or not found.is_file():
        raise _broken(place, f"its base {base!r} is not there")
    return found


def _broken(place: Path | Traversable, what: str) -> UsageError:
    return UsageError(f"the recipe {place} cannot be used: {what}; correct it", file=str(place))


def _checked(key: str, value: Any, example: Any, where: str, method: str) -> Any:
    """A value in the type of the number that it replaces.

    Raises:
        UsageError: Another type, or out of range.
    """
    kind = type(example)
    known = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "text",
        list: "a list",
    }
    if kind not in known:
        raise UsageError(f"{where} must be one of {', '.join(known.values())}, not {value!r}")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float and number and math.isfinite(value):
        result: Any = float(value)
    elif kind is int and number and math.isfinite(value) and float(value).is_integer():
        result = int(value)
    elif kind in (bool, str, list) and isinstance(value, kind):
        result = value
    else:
        raise UsageError(f"{where} must be {known[kind]}, not {value!r}")
    if method == DEFAULT and kind in (int, float):
        low, high = LIMITS.get(key, (0, math.inf))
        if not low <= result <= high:
            span = f"from {low:g} to {high:g}" if high < math.inf else f"at least {low:g}"
            raise UsageError(f"{where} must be {span}, not {value!r}")
    return result
