"""The catalogue of nodes, as data and as text."""

import difflib
import textwrap
from typing import Any

from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.presets import NodePreset, node_presets
from codef_nodes.graph.registry import all_node_classes
from engine.errors import UsageError


def _knob(knob: Knob) -> dict[str, Any]:
    return {
        "name": knob.name,
        "label": knob.title,
        "kind": knob.kind,
        "default": knob.default,
        "minimum": knob.minimum,
        "maximum": knob.maximum,
        "choices": list(knob.choices),
        "unit": knob.unit,
        "page": knob.page,
        "help": knob.help,
    }


def _node(cls: type[Node], presets: list[NodePreset]) -> dict[str, Any]:
    return {
        "type": cls.type,
        "version": cls.version,
        "title": cls.title or cls.type,
        "category": cls.category,
        "aliases": list(cls.aliases),
        "help": cls.help,
        "inputs": [
            {
                "name": port.name,
                "type": port.type,
                "optional": port.optional,
                "variadic": port.variadic,
                "help": port.help,
            }
            for port in cls.inputs
        ],
        "output": cls.output,
        "per_frame": cls.per_frame,
        "knobs": [_knob(knob) for knob in cls.knobs],
        "presets": [
            {"name": each.name, "title": each.title, "help": each.help, "knobs": dict(each.knobs)}
            for each in presets
            if each.type == cls.type
        ],
    }


def catalogue(only: str | None = None) -> list[dict[str, Any]]:
    """Every node class, or the one of that type.

    Raises:
        UsageError: There is no such node.
    """
    classes, presets = all_node_classes(), node_presets()
    if only is None:
        return [_node(cls, presets) for cls in classes]
    for cls in classes:
        if only.lower() in (cls.type.lower(), *(alias.lower() for alias in cls.aliases)):
            return [_node(cls, presets)]
    near = difflib.get_close_matches(only, [cls.type for cls in classes], 1, 0.4)
    advice = f"did you mean {near[0]}?" if near else "`codef nodes` lists them all"
    raise UsageError(f"there is no node {only}; {advice}")


def describe(node: dict[str, Any]) -> str:
    """One node as text of 88 columns."""

    def wrapped(text: str, indent: int) -> str:
        return textwrap.fill(text, 88, initial_indent=" " * indent, subsequent_indent=" " * indent)

    lines = [f"{node['type']}  ({node['category']})", wrapped(node["help"], 2)]
    for port in node["inputs"]:
        notes = [port["type"]]
        notes += ["optional"] if port["optional"] else []
        notes += ["any number"] if port["variadic"] else []
        lines += [f"  < {port['name']}  [{', '.join(notes)}]", wrapped(port["help"], 6)]
    if node["output"]:
        lines.append(f"  > {node['output']}")
    for knob in node["knobs"]:
        lines += [f"  {knob['name']}  {_values(knob)}", wrapped(knob["help"], 6)]
    for preset in node["presets"]:
        lines += [f"  preset {preset['name']}", wrapped(preset["help"], 6)]
    return "\n".join(lines)


def _values(knob: dict[str, Any]) -> str:
    kind = "|".join(knob["choices"]) if knob["choices"] else knob["kind"]
    low, high = knob["minimum"], knob["maximum"]
    limits = ""
    if low is not None or high is not None:
        limits = f" {'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"
    unit = f" {knob['unit']}" if knob["unit"] else ""
    default = "" if knob["default"] in (None, "", [], {}) else f", default {knob['default']}"
    return f"[{kind}{limits}{unit}{default}]"
