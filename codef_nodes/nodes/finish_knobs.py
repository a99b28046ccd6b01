"""Knobs of how a propagated edit meets the plate; their names are those of ``Finish``."""

from codef_nodes.graph.knob import Knob
from engine.edit.finish import FULL_FINISH, MERGES

PAGE = "Finish"

FINISH_KNOBS: tuple[Knob, ...] = (
    Knob(
        "merge",
        "choice",
        FULL_FINISH.merge,
        "How a change meets the plate: paint covers it (over), the change is added to "
        "it (difference) or multiplies it (ratio); auto grades the plate where the edit is a grade "
        "and covers it where the edit is paint.",
        choices=MERGES,
        page=PAGE,
    ),
    Knob(
        "detail",
        "float",
        FULL_FINISH.detail,
        "How much of the plate's own fine detail and grain stays below the edit; empty is what the "
        "merge does by itself: paint covers it, a grade keeps it.",
        minimum=0,
        maximum=1,
        page=PAGE,
    ),
    Knob(
        "split",
        "float",
        FULL_FINISH.split,
        "Size of the blur that tells fine detail from the rest; matters when detail is set.",
        minimum=0.3,
        maximum=100,
        unit="px",
        page=PAGE,
    ),
    Knob(
        "holdout",
        "bool",
        FULL_FINISH.holdout,
        "Hides the edit behind hair, strands and whatever passes in front without a mask; where "
        "the fit explains the place badly in most frames, nothing is held out.",
        page=PAGE,
    ),
    Knob(
        "holdout_gain",
        "float",
        FULL_FINISH.holdout_gain,
        "Makes that matte stronger or weaker before it is clipped.",
        minimum=0,
        maximum=100,
        page=PAGE,
    ),
    Knob(
        "holdout_clip",
        "float",
        FULL_FINISH.holdout_clip,
        "Makes the matte fully clear up to this value and fully solid from 1 minus it.",
        minimum=0,
        maximum=0.49,
        page=PAGE,
    ),
    Knob(
        "regrain",
        "float",
        FULL_FINISH.regrain,
        "Puts grain like the plate's back where the edit covers it; a clean plate gets none.",
        minimum=0,
        maximum=1,
        page=PAGE,
    ),
    Knob(
        "light",
        "float",
        FULL_FINISH.light,
        "Strength of the shot's changing light on the edit.",
        minimum=0,
        maximum=4,
        page=PAGE,
    ),
    Knob(
        "shade",
        "float",
        FULL_FINISH.shade,
        "Strength of shadows that pass over the plate and the fit does not know, such as that of "
        "what moves in front; where the fit explains the place badly in most frames, none is seen.",
        minimum=0,
        maximum=4,
        page=PAGE,
    ),
    Knob(
        "highlight",
        "float",
        FULL_FINISH.highlight,
        "Strength of broad highlights and glare that lie over the edit as over the plate.",
        minimum=0,
        maximum=4,
        page=PAGE,
    ),
    Knob(
        "shutter",
        "float",
        FULL_FINISH.shutter,
        "How long the shutter is open, for the motion blur of the edit: 0.5 is a 180 degree "
        "shutter, 0 is no blur.",
        minimum=0,
        maximum=4,
        unit="frames",
        page=PAGE,
    ),
    Knob(
        "shutter_offset",
        "float",
        FULL_FINISH.shutter_offset,
        "When the middle of the open shutter is, from the frame's own time.",
        minimum=-2,
        maximum=2,
        unit="frames",
        page=PAGE,
    ),
    Knob(
        "focus",
        "float",
        FULL_FINISH.focus,
        "Makes the edit as soft as the plate is around it; nothing where the plate is sharp.",
        minimum=0,
        maximum=4,
        page=PAGE,
    ),
    Knob(
        "replaced",
        "bool",
        FULL_FINISH.replaced,
        "In mode replace, finishes the whole frame too: lit, with grain and blur, behind what "
        "passes in front. Off: the frame is the edited canonical image as it is.",
        page=PAGE,
    ),
)
