"""The catalogue of nodes as a page of Markdown: ``codef nodes --markdown > docs/nodes.md``."""

import json
from itertools import groupby
from typing import Any

from codef_nodes.work.recipepage import recipes

HEAD = """# Nodes and knobs

This page is written by the program: `codef nodes --markdown`. The same in a terminal:
`codef nodes`, or `codef nodes Propagate` for one node; for programs: `codef nodes --json`.

A knob that is at its default is not written into a document. Colours are scene-linear. Knobs
count pixels upwards, as a viewer shows them; the points of strokes count downwards from the top
left of the frame ([file formats](file-formats.md#strokes)). A preset is a set of knobs:
`codef render shot.codef --preset Grade=golden_hour`.
"""

INPUTS = ("| input | takes | what for |", "|---|---|---|")
PRESETS = ("| preset | what it does |", "|---|---|")
KNOBS = ("| knob | values | default | what it does |", "|---|---|---|---|")


def markdown(nodes: list[dict[str, Any]]) -> str:
    """The whole page.

    Args:
        nodes: As ``codef_nodes.work.catalogue.catalogue`` gives them, sorted by category.
    """
    categories = groupby(nodes, key=lambda node: node["category"])
    grouped = [(name, list(members)) for name, members in categories]
    blocks = [HEAD, "| | |", "|---|---|"]
    for name, members in grouped:
        links = ", ".join(f"[{node['type']}](#{node['type'].lower()})" for node in members)
        blocks.append(f"| {name} | {links} |")
    for name, members in grouped:
        blocks += ["", f"## {name}"]
        for node in members:
            blocks += ["", *_node(node)]
            if node["type"] == "FitCoDeF":
                blocks += ["", recipes()]
    return "\n".join(blocks) + "\n"


def _node(node: dict[str, Any]) -> list[str]:
    """One node as lines."""
    lines = [f"### {node['type']}", "", node["help"]]
    if node["aliases"]:
        lines += ["", f"Found in the search also as {', '.join(node['aliases'])}."]
    if node["output"]:
        lines += ["", f"Gives: {node['output']}."]
    if node["inputs"]:
        lines += ["", *INPUTS, *map(_input, node["inputs"])]
    if node["knobs"]:
        lines += ["", *KNOBS, *map(_knob, node["knobs"])]
    if node["presets"]:
        lines += ["", *PRESETS, *map(_preset, node["presets"])]
    return lines


def _input(port: dict[str, Any]) -> str:
    words = [port["type"]]
    words += ["optional"] if port["optional"] else []
    words += ["any number"] if port["variadic"] else []
    return _row(f"`{port['name']}`", ", ".join(words), port["help"])


def _knob(knob: dict[str, Any]) -> str:
    low, high = knob["minimum"], knob["maximum"]
    values = ", ".join(knob["choices"]) or knob["kind"].replace("_", " ")
    if low is not None and high is not None:
        values += f" {low:.10g} to {high:.10g}"
    elif low is not None:
        values += f" from {low:.10g}"
    elif high is not None:
        values += f" up to {high:.10g}"
    values += f" {knob['unit']}" if knob["unit"] else ""
    default = knob["default"]
    empty = default is None or default == "" or default == [] or default == {}
    shown = "" if empty else default if isinstance(default, str) else json.dumps(default)
    return _row(f"`{knob['name']}`", values, shown, knob["help"])


def _preset(preset: dict[str, Any]) -> str:
    return _row(f"`{preset['name']}`", preset["help"])


def _row(*cells: str) -> str:
    """A row of a table; a bar inside a cell would end it."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
