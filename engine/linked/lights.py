"""The light of a long shot: what each segment knows, told for the still of any of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32
from engine.linked.segments import Segments

#: Lighting [T, gy, gx, 3] and exposure [T, 2, 3] of a layer in a segment, as far as it has them.
Light = tuple[F32 | None, F32 | None]


@dataclass(frozen=True, eq=False)
class Lights:
    """Light by segment and name of the layer."""

    known: Mapping[tuple[int, str], Light]

    def of(self, name: str, anchor: int, segments: Segments) -> Light:
        """Light of a layer in every frame of the shot, over the still of one segment.

        Returns:
            Lighting and exposure; None where no segment has them.
        """
        own = {s: light for (s, layer), light in self.known.items() if layer == name}
        shape = next((light[0].shape[1:] for light in own.values() if light[0] is not None), None)
        exposed = any(light[1] is not None for light in own.values())
        if shape is None and not exposed:
            return None, None
        count = len(segments.frames)
        lighting = None if shape is None else np.zeros((count, *shape), np.float32)
        exposure = np.zeros((count, 2, 3), np.float32)
        factors = {
            s: segments.light(name, anchor, s) if s in own else np.ones(3, np.float32)
            for s in range(len(segments.parts))
        }
        for index in range(count):
            for share in segments.shares(index):
                field, gain = own.get(share.segment, (None, None))
                here = factors[share.segment] * np.float32(share.weight)
                if lighting is not None:
                    lit = field[share.index] if field is not None else np.float32(1)
                    lighting[index] += lit * np.float32(share.weight)
                exposure[index, 0] += here * (1 if gain is None else gain[share.index, 0])
                if gain is not None:
                    exposure[index, 1] += gain[share.index, 1] * np.float32(share.weight)
        return lighting, exposure
