"""Recipes: named sets of numbers, kept as data in ``presets/recipes``."""

import tomllib
from importlib.resources import files
from typing import Any

from engine.errors import UsageError


def recipe_names() -> list[str]:
    """Names of the recipes that are installed."""
    folder = files("presets").joinpath("recipes")
    return sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".toml"))


def load_recipe(name: str, overrides: dict[str, Any] | None = None) -> dict[str, Any]:
    """The numbers of a recipe.

    Args:
        name: ``seeded``, ``paper``.
        overrides: Numbers to change.

    Raises:
        UsageError: No such recipe, or an override that the recipe does not know.
    """
    if name not in recipe_names():
        raise UsageError(f"no recipe {name!r}; choose one of {', '.join(recipe_names())}")
    text = files("presets").joinpath("recipes", f"{name}.toml").read_text(encoding="utf-8")
    numbers = tomllib.loads(text)
    for key, value in (overrides or {}).items():
        if key not in numbers:
            known = ", ".join(sorted(numbers))
            raise UsageError(f"recipe {name} has no number {key!r}; it has {known}")
        kind = type(numbers[key])
        try:
            numbers[key] = kind(value)
        except (TypeError, ValueError):
            raise UsageError(
                f"{key} of recipe {name} must be {kind.__name__}, not {value!r}"
            ) from None
    return numbers
