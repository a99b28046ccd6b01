"""The knobs of FitCoDeF."""

from codef_nodes.graph.knob import Knob

#: What the panel offers; a test holds it to the recipes that are installed.
RECIPES = (
    "auto",
    "seeded",
    "articulated",
    "camera_pan",
    "final",
    "fluid",
    "preview",
    "product",
    "talking_head",
)

KNOBS: tuple[Knob, ...] = (
    Knob(
        "seconds",
        "float",
        60.0,
        "Time the fit may take; longer is sharper, and 0 takes as long as the recipe wants.",
        minimum=0,
        unit="s",
    ),
    Knob(
        "steps",
        "int",
        None,
        "Number of passes instead of a time, so that the result can be repeated exactly.",
        minimum=0,
    ),
    Knob("frames", "frames", "", "Frames to fit, such as 1001-1100; empty takes all of them."),
    Knob(
        "missing",
        "choice",
        "error",
        "What to do when frames are missing: stop, or fit without them; they are never made up.",
        choices=("error", "skip"),
    ),
    Knob(
        "alpha",
        "bool",
        True,
        "Leaves out pixels where the clip's own alpha is 0; an alpha that is 0 everywhere "
        "says nothing.",
    ),
    Knob(
        "cuts",
        "choice",
        "warn",
        "What to do when the clip cuts to another shot: fit the shot of the reference frame "
        "(else the longest) and say so, stop before fitting, or fit all frames as one shot.",
        choices=("warn", "stop", "ignore"),
    ),
    Knob(
        "reference",
        "int",
        None,
        "The frame whose picture the canonical image lines up with; empty lets the fit choose.",
    ),
    Knob(
        "split",
        "text",
        "auto",
        "How a long shot is divided into segments with a still each, linked by the frames they "
        "share: where one still is not enough (auto), never (none), or so that the frames "
        "named here begin a segment, such as 1101, 1201.",
        choices=("auto", "none"),
    ),
    Knob(
        "seed",
        "int",
        0,
        "Start of random choices: the same number and passes give the same result.",
        minimum=0,
    ),
    Knob(
        "tracks",
        "files",
        [],
        "2D tracks to start the motion from, where flow finds nothing to go by: text files "
        "with lines 'frame x y', y up, or tracks.json; GROUP=FILE names the group.",
        page="Start",
    ),
    Knob(
        "corner_pin",
        "files",
        [],
        "Corner pins of planes to start the motion from: CornerPin2D nodes in .nk files, or "
        "CSV; GROUP=FILE names the group.",
        page="Start",
    ),
    Knob(
        "stmaps",
        "files",
        [],
        "ST maps from each frame to the reference frame to start the motion from: EXR folders "
        "or patterns; GROUP=PATTERN names the group.",
        page="Start",
    ),
    Knob(
        "undistort",
        "file_in",
        "",
        "ST map that takes the lens distortion out of the clip, so that camera moves become "
        "simple; it needs redistort too.",
        page="Lens",
    ),
    Knob(
        "redistort",
        "file_in",
        "",
        "ST map that puts the lens distortion back; frames are still filtered only once.",
        page="Lens",
    ),
    Knob(
        "recipe",
        "text",
        "seeded",
        "How to fit: seeded suits every clip, auto takes what the clip's motion suggests, and "
        "the path of a .toml file is a recipe of your own.",
        choices=RECIPES,
        page="Recipe",
    ),
    Knob(
        "temporal_smoothness",
        "float",
        None,
        "How firmly the frames beside a frame hold it: 0 not at all, 1 calms what grain would "
        "shake, more smooths the motion itself; empty leaves it to the recipe.",
        minimum=0,
        maximum=20,
        page="Recipe",
    ),
    Knob(
        "refit",
        "choice",
        "changed",
        "What to fit again when masks or settings of some groups changed and nothing else did: "
        "only those groups, from where they were (the others are kept as they are), or "
        "everything anew.",
        choices=("changed", "everything"),
        page="Recipe",
    ),
    Knob(
        "device",
        "text",
        "auto",
        "Where to compute: auto, cpu, cuda or cuda:N.",
        choices=("auto", "cpu", "cuda"),
        page="Recipe",
    ),
    Knob(
        "numbers",
        "table",
        {},
        "Numbers of the recipe to change, by name; for those who know the recipe.",
        page="Recipe",
    ),
)
