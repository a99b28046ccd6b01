"""What makes a synthetic clip hard, in four levels.

Lengths are in pixels of a frame 640 wide and grow with it; times are in frames. Motion per frame
does not depend on the length of the clip, so that longer clips are harder, as in life.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Level:
    """Numbers of a level.

    Attributes:
        pan: Reach of the camera in x and y.
        zoom: Change of size, to either side.
        roll: Degrees, to either side.
        perspective: Change of size from one side of the frame to the other.
        period: Frames of a swing of the camera.
        shake: Hand-held trembling.
        ripple: Non-rigid displacement of the ground.
        swim: The fish's way per frame.
        bend: Non-rigid displacement of the fish.
        exposure: Change of the whole picture's light from frame to frame, as a factor minus 1.
        shadow: Depth of moving soft shadows, 0 to 1.
        highlight: Strength of a glint that goes over everything, linear light.
        strands: Whether reeds 1 to 3 pixels wide cross in front.
    """

    pan: tuple[float, float]
    zoom: float
    roll: float
    perspective: float
    period: float
    shake: float
    ripple: float
    swim: float
    bend: float
    exposure: float
    shadow: float
    highlight: float
    strands: bool = False


LEVELS = {
    1: Level((50, 14), 0.03, 1.0, 0.0, 150, 0.0, 0.0, 4, 0.0, 0.0, 0.0, 0.0),
    2: Level((80, 24), 0.06, 2.0, 0.02, 140, 0.0, 3.0, 6, 1.5, 0.05, 0.12, 0.0),
    3: Level((120, 36), 0.10, 4.0, 0.05, 120, 0.4, 6.0, 9, 3.0, 0.12, 0.3, 0.03),
    4: Level((170, 50), 0.16, 7.0, 0.10, 110, 0.8, 9.0, 13, 5.0, 0.2, 0.45, 0.10, True),
}


@dataclass(frozen=True)
class Spec:
    """A clip; the same spec gives the same clip, always.

    Attributes:
        level: 1 to 4.
        width: Pixels.
        height: Pixels.
        frames: How many; they are numbered from 0.
        seed: Another clip of the same difficulty for another seed.
        grain: Film-like grain over the frames.
        blur: Motion blur of a half-open shutter.
        picture: A picture for the ground instead of the drawn one, or None.
    """

    level: int = 2
    width: int = 640
    height: int = 360
    frames: int = 40
    seed: int = 0
    grain: bool = False
    blur: bool = False
    picture: Path | None = None

    @property
    def name(self) -> str:
        """Such as ``level3_grain_blur``."""
        return f"level{self.level}" + "_grain" * self.grain + "_blur" * self.blur

    @property
    def numbers(self) -> Level:
        """What the level means.

        Raises:
            ValueError: There is no such level.
        """
        if self.level not in LEVELS:
            raise ValueError(f"there is no level {self.level}; choose 1 to {max(LEVELS)}")
        return LEVELS[self.level]
