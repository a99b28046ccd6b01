"""A clip on its way through a fit: what every recipe works on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.fields.field import Field, Layer
from engine.fit.groups import Groups
from engine.fit.groupsettings import in_report
from engine.fit.plates import Plates
from engine.fit.request import FitRequest
from engine.flow.dis import PairwiseFlow
from engine.flow.pair import FlowPair

#: Shares of the whole progress at which reading, matching, fitting and drawing are done.
READ, MATCHED, FITTED, MEASURED = 0.05, 0.2, 0.9, 0.95


@dataclass
class ClipWork:
    """The request, its layers and its frames.

    Attributes:
        request: What was asked.
        groups: The layers.
        plates: The frames at the working resolution.
        reference: Index of the reference frame.
        recipe: The recipe's numbers.
    """

    request: FitRequest
    groups: Groups
    plates: Plates
    reference: int
    recipe: dict[str, Any]

    def flow(self) -> Callable[[int], FlowPair]:
        """Index of a frame to its flow at the working resolution."""
        plates, request = self.plates, self.request
        if request.flow is None:
            return PairwiseFlow(range(plates.count), plates.grey)
        given, frames, shrink = request.flow, request.frames, plates.shrink

        def read(index: int) -> FlowPair:
            pair = given(frames[index])
            if shrink == 1:
                return pair
            return FlowPair(
                pair.frame,
                _shrunk(pair.forward, plates, 1 / shrink),
                _shrunk(pair.forward_confidence, plates, 1.0),
                _shrunk(pair.backward, plates, 1 / shrink),
                _shrunk(pair.backward_confidence, plates, 1.0),
            )

        return read

    def field(self, layers: list[Layer]) -> Field:
        """The field without figures."""
        plates, request = self.plates, self.request
        return Field(
            frames=tuple(request.frames),
            display=plates.display,
            data=plates.data,
            layers=layers,
            masks=self.groups.masks,
            ignored=self.groups.ignored,
            reference=request.frames[self.reference],
            recipe=request.options.recipe,
            source=dict(request.source),
            pixel_aspect=plates.pixel_aspect,
        )

    def report(self, **figures: Any) -> dict[str, Any]:
        """The figures that every recipe reports, and ``figures``."""
        plates, request = self.plates, self.request
        return {
            "frames": plates.count,
            "width": plates.data.width,
            "height": plates.data.height,
            "layers": len(self.groups.names),
            "groups": list(self.groups.names),
            "reference": request.frames[self.reference],
            "device": "cpu",
            "recipe": request.options.recipe,
            "seed": request.options.seed,
            "working_shrink": plates.shrink,
            "bad_pixels": plates.bad_pixels,
            "ignored": plates.ignored,
            "identity": request.identity,
            "group_settings": in_report(request.options.groups, self.groups.names),
            **figures,
        }


def _shrunk(picture: F32 | None, plates: Plates, factor: float) -> F32 | None:
    import cv2

    if picture is None:
        return None
    small = cv2.resize(picture, (plates.width, plates.height), interpolation=cv2.INTER_AREA)
    return np.asarray(small * np.float32(factor), np.float32)
