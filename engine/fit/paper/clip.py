"""What the ``paper`` fit takes and gives."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from engine.arrays import F32, U8
from engine.fields.networkfield import NetworkDeformation
from engine.flow.pair import FlowPair
from engine.io.picture import Window

Draft: TypeAlias = Callable[[Callable[[], list[NetworkDeformation]], float], None]
"""Is offered what was reached: a way to get the layers, and decibels of a few frames."""


class ClipData(Protocol):
    """The clip at the resolution that the fit works in.

    Attributes:
        count: Number of frames.
        layers: Number of groups K, at least 1.
        height: Rows of a frame here.
        width: Columns of a frame here.
        shrink: Full-size pixels per pixel here.
        window: The data window at full size.
    """

    @property
    def count(self) -> int: ...
    @property
    def layers(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def shrink(self) -> int: ...
    @property
    def window(self) -> Window: ...

    def frame(self, index: int) -> F32:
        """Encoded display-referred colours, float32 [H, W, 3]; NaN is left out."""
        ...

    def masks(self, index: int) -> list[U8]:
        """Visible share of each group, uint8 [H, W] each; empty when there is one group.

        A pixel that is 0 in all of them is left out.
        """
        ...

    def flow(self, index: int) -> FlowPair:
        """Flow in pixels of this resolution."""
        ...


@dataclass
class PaperFit:
    """What the fit hands over.

    Attributes:
        layers: One deformation per group, front to back; each can draw its canonical picture.
        steps: Steps done in all, those before a resume included.
        step_seconds: Seconds of one step, lately.
        psnr: Decibels of the last step's frame inside the groups, on the fly.
        schedule: What repeats the fit: steps, seed and the recipe's numbers.
        psnr_curve: Seconds since the request started, and decibels of a few frames then.
    """

    layers: list[NetworkDeformation]
    steps: int
    step_seconds: float
    psnr: float | None
    schedule: dict[str, Any] = field(default_factory=dict)
    psnr_curve: list[tuple[float, float]] = field(default_factory=list)
