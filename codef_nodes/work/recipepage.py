"""Recipes for people: as text for a terminal and as tables for the manual."""

import json
import textwrap
from typing import Any

from engine.fit.recipes import Recipe, all_recipes

HEAD = """The knob `recipe` names one of these; `codef fit --recipes` prints them too. Lengths are
pixels of the resolution that the fit works in, colours are perceptually encoded from 0 to 1. A
recipe of your own is a file such as

```
base = "fluid"
passes = 100

[why]
passes = "The waterfall is in twelve shots, so each may take its time."
```

in a folder of `$CODEF_RECIPES`, in `recipes` of the user's configuration folder of `codef` (on
Linux `~/.config/codef/recipes`), or anywhere, named by its path. A field keeps the numbers that it
was fitted with."""


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


def recipes() -> str:
    """The recipes that come with the program and explain their numbers, for the manual."""
    blocks = [HEAD]
    for recipe in all_recipes(own=False):
        if not recipe.why:
            continue
        base = f" As `{recipe.lineage[1]}`, but:" if len(recipe.lineage) > 1 else ""
        blocks += ["", f"#### {recipe.title}: `{recipe.name}`", "", recipe.about + base, ""]
        blocks += ["| number | value | why |", "|---|---|---|"]
        for name in recipe.own:
            why = recipe.why.get(name, "").replace("|", "\\|")
            blocks.append(f"| `{name}` | {shown(recipe.numbers[name])} | {why} |")
    return "\n".join(blocks)


def shown(value: Any) -> str:
    """A number as its file writes it."""
    return json.dumps(value)
