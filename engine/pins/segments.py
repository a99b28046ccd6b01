"""The segments of a long shot with pins over them.

A pin moves a frame (``engine.pins.deformation``), and does so whichever still is looked at. So what
is found on the still of one segment lies over every segment that holds the frame.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from engine.fields.field import Field
from engine.linked.segments import Segments
from engine.pins.deformation import PinnedDeformation, Warps
from engine.pins.solve import LayerPins
from engine.pins.warp import FrameWarp


class PinnedSegments(Segments):
    """Segments whose frames are corrected by pins.

    Args:
        base: The segments without them, or with those that were there before.
        warps: The moves by name of the layer; they count the frames of the whole shot.

    Attributes:
        warps: As given.
    """

    def __init__(self, base: Segments, warps: Mapping[str, LayerPins]) -> None:
        super().__init__(base.parts, base.links)
        self._base, self.warps = base, dict(warps)

    def read(self, segment: int) -> Field:
        """A segment's field with its pins."""
        field = self._base.field(segment)
        places = {frame: n for n, frame in enumerate(self.frames)}
        some = [places[frame] for frame in field.frames]
        layers = list(field.layers)
        for k, layer in enumerate(layers):
            warps = self.warps.get(layer.name)
            if warps is not None:
                mine = SomeFrames(warps, some)
                deformation = PinnedDeformation(layer.deformation, mine, field.data)
                layers[k] = replace(layer, deformation=deformation)
        return replace(field, layers=layers)

    def store(self, segment: int, folder: Path, working_space: str) -> None:
        """Writes a segment: its pins are part of it then."""
        from engine.fields.folder import save_field

        save_field(self.field(segment), folder, working_space=working_space)


class SomeFrames:
    """The moves of some of the frames.

    Args:
        warps: The moves of all.
        places: Positions among all of those that are meant, ascending.
    """

    def __init__(self, warps: Warps, places: list[int]) -> None:
        self._warps, self._places = warps, places

    def at(self, index: int) -> FrameWarp | None:
        """The move of a frame, by its position among those that are meant."""
        return self._warps.at(self._places[index])

    def indices(self) -> tuple[int, ...]:
        """Positions of the frames in which something may be pinned."""
        pinned = set(self._warps.indices())
        return tuple(n for n, place in enumerate(self._places) if place in pinned)
