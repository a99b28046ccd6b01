"""How an edit sits in the plate: what a compositor would do by hand after the warp."""

from dataclasses import dataclass, replace

from engine.errors import UsageError

#: How the change meets the plate; see ``engine.edit.kinds``.
MERGES = ("auto", "over", "difference", "ratio")


@dataclass(frozen=True)
class Finish:
    """What is done to a change so that it looks photographed with the plate.

    The defaults change nothing: paint over the plate, as it is on the canonical image.

    Attributes:
        merge: One of ``MERGES``.
        detail: How much of the plate's own fine detail stays below the edit, 0 to 1; None: what
            the merge does by itself (``over`` covers it, the others keep it).
        split: Standard deviation in pixels of the blur that tells fine detail from the rest.
        holdout: Whether what passes in front without a mask hides the edit.
        holdout_gain: Factor on that matte before it is clipped.
        holdout_clip: The matte is 0 up to here and 1 from 1 minus this.
        regrain: How much of the grain that the edit covers is put back, 0 to 1.
        light: Strength of the field's exposure and lighting on the edit.
        shade: Strength of shadows and light that pass over the plate and no field knows.
        highlight: Strength of the broad highlights that lie over the edit.
        shutter: How long the shutter is open, in frames, for the motion blur of the edit; 0: none.
        shutter_offset: When the middle of the open shutter is, in frames from the frame's time.
        focus: Strength of the blur that makes the edit as soft as the plate is around it.
        replaced: Whether frames of mode ``replace`` are finished too: lit, grained, blurred, with
            what passes in front. If not they are the edited canonical image as it is.
    """

    merge: str = "over"
    detail: float | None = None
    split: float = 3.0
    holdout: bool = False
    holdout_gain: float = 1.0
    holdout_clip: float = 0.05
    regrain: float = 0.0
    light: float = 1.0
    shade: float = 0.0
    highlight: float = 0.0
    shutter: float = 0.0
    shutter_offset: float = 0.0
    focus: float = 0.0
    replaced: bool = False

    def __post_init__(self) -> None:
        """Refuses what no knob can mean.

        Raises:
            UsageError: An unknown merge, or a number out of its range.
        """
        if self.merge not in MERGES:
            raise UsageError(f"unknown merge {self.merge!r}; use one of {', '.join(MERGES)}")
        limits = {
            "detail": (0, 1),
            "split": (0.3, 100),
            "holdout_gain": (0, 100),
            "holdout_clip": (0, 0.49),
            "regrain": (0, 1),
            "light": (0, 4),
            "shade": (0, 4),
            "highlight": (0, 4),
            "shutter": (0, 4),
            "shutter_offset": (-2, 2),
            "focus": (0, 4),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise UsageError(f"{name} must be a number from {low:g} to {high:g}, not {value:g}")

    @property
    def plain(self) -> bool:
        """Whether nothing is asked for beyond paint over the plate."""
        return self == replace(
            PLAIN,
            split=self.split,
            holdout_gain=self.holdout_gain,
            holdout_clip=self.holdout_clip,
            shutter_offset=self.shutter_offset,
            replaced=self.replaced,
        )


PLAIN = Finish()
#: What ``codef propagate`` and new Propagate nodes do.
FULL_FINISH = Finish(merge="auto", holdout=True, regrain=1.0, shade=1.0, highlight=1.0, focus=1.0)
