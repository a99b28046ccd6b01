"""Recipes for people: as text for a terminal and as tables for the manual."""

import json
import textwrap
from typing import Any

from engine.fit.recipes import Recipe


def described(recipe: Recipe) -> str:
    """A recipe as text: what it is for, and each number that it states itself with its reason."""
    lines = [f"{recipe.name}  {recipe.title}"]
    lines += textwrap.wrap(recipe.about, 92, initial_indent="    ", subsequent_indent="    ")
    if len(recipe.lineage) > 1:
        lines.append(f"    as {recipe.lineage[1]}, but:")
    for name in recipe.own:
        head = f"    {name} = {shown(recipe.numbers[name])}"
        lines.append(head)
        why = recipe.why.get(name, "")
        lines += textwrap.wrap(why, 92, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return "\n".join(lines)


def markdown(recipes: list[Recipe]) -> str:
    """The recipes whose numbers are explained, as a section of the manual."""
    blocks = []
    for recipe in recipes:
        if not recipe.why:
            continue
        base = f" As `{recipe.lineage[1]}`, but:" if len(recipe.lineage) > 1 else ""
        blocks += [f"### {recipe.title}: `{recipe.name}`", "", recipe.about + base, ""]
        blocks += ["| number | value | why |", "|---|---|---|"]
        for name in recipe.own:
            why = recipe.why.get(name, "").replace("|", "\\|")
            blocks.append(f"| `{name}` | {shown(recipe.numbers[name])} | {why} |")
        blocks.append("")
    return "\n".join(blocks).rstrip("\n") + "\n"


def shown(value: Any) -> str:
    """A number as its file writes it."""
    return json.dumps(value)
