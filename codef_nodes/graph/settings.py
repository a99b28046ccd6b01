"""The settings of a project, as data."""

from codef_nodes.graph.knob import Knob
from codef_nodes.graph.suggest import nearest
from engine.errors import UsageError

SETTINGS: tuple[Knob, ...] = (
    Knob("name", "text", "", "Name of the project; empty for the name of the file."),
    Knob(
        "working_space",
        "colour_space",
        "Linear Rec.709 (sRGB)",
        "OCIO colour space, scene-linear, that all pictures are held in.",
    ),
    Knob(
        "fps",
        "float",
        24.0,
        "Frames per second of playback and movies.",
        minimum=0.001,
        label="Frame rate",
    ),
    Knob(
        "first", "int", None, "First frame of the project; empty: of the clip.", label="First frame"
    ),
    Knob("last", "int", None, "Last frame of the project; empty: of the clip.", label="Last frame"),
    Knob("format", "size", [0, 0], "Size of new pictures; 0 by 0: of the clip.", unit="px"),
)


def setting(name: str) -> Knob:
    """Description of a project setting.

    Raises:
        UsageError: No such setting.
    """
    for knob in SETTINGS:
        if knob.name == name:
            return knob
    names = [knob.name for knob in SETTINGS]
    raise UsageError(f"the project has no setting {name!r}; {nearest(name, names)}")
