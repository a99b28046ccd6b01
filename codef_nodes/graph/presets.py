"""Node presets: named knob values, kept as data in ``presets/nodes``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from codef_nodes.graph.commands import Group, SetKnob
from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.registry import DEFAULT, Registry
from engine.errors import UsageError


@dataclass(frozen=True)
class NodePreset:
    """Knob values that belong together.

    Attributes:
        name: The file's name without its ending.
        type: The node class that it is for.
        title: What a menu shows.
        help: One full sentence.
        knobs: Values, checked by the knobs themselves.
    """

    name: str
    type: str
    title: str
    help: str
    knobs: Mapping[str, JSON]

    def command(self, node: str) -> Group:
        """Sets the knobs on a node, as one step of undo."""
        steps = [SetKnob(node, knob, value) for knob, value in self.knobs.items()]
        return Group(steps, f"Preset {self.title}")


def read_preset(name: str, text: str, registry: Registry = DEFAULT) -> NodePreset:
    """A preset from its file.

    Args:
        name: Name of the preset.
        text: JSON: ``{"codef_preset": 1, "type", "title", "help", "knobs"}``.
        registry: The node classes.

    Raises:
        UsageError: It is no preset, or names a node, a knob or a value that does not exist.
    """
    try:
        content = json.loads(text)
        form = content["codef_preset"]
        preset = NodePreset(
            name, content["type"], content["title"], content["help"], dict(content["knobs"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"the preset {name} is no valid preset ({error}); restore it") from error
    if form != 1:
        raise UsageError(f"the preset {name} is of a newer version; update the program")
    cls = registry.node_class(preset.type)
    if cls.type != preset.type:
        raise UsageError(f"the preset {name} is for a node {preset.type}, which does not exist")
    for knob, value in preset.knobs.items():
        described = cls.knob(knob)
        if described is None:
            raise UsageError(f"the preset {name} sets {knob}, which {preset.type} does not have")
        described.check(value, f"preset {name}")
    return preset


def node_presets(registry: Registry = DEFAULT) -> list[NodePreset]:
    """The presets that are installed, by name.

    Raises:
        UsageError: One of them is broken.
    """
    folder = files("presets").joinpath("nodes")
    found = [
        read_preset(entry.name.removesuffix(".json"), entry.read_text(encoding="utf-8"), registry)
        for entry in folder.iterdir()
        if entry.name.endswith(".json")
    ]
    return sorted(found, key=lambda preset: preset.name)


def preset_for(document: Document, node: str, name: str) -> NodePreset:
    """The preset of a name, which must suit a node.

    Raises:
        UsageError: No such node, or no preset of that name for its type; the message lists those
            that there are.
    """
    kind = document.state(node).type
    fitting = [each for each in node_presets() if each.type == kind]
    for preset in fitting:
        if preset.name == name:
            return preset
    names = ", ".join(preset.name for preset in fitting)
    known = f"it has {names}" if fitting else "it has none"
    raise UsageError(f"{node} ({kind}) has no preset {name!r}; {known}", node=node)
