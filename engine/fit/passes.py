"""Who visits the pixels in a seeded fit: the processor, or a card that holds the whole clip.

``engine.fit.seeded`` says what happens in which order; this is what it asks for. There are two
implementations: ``engine.fit.host_passes`` in numba, and ``engine.fit.device_passes`` in torch with
kernels for NVIDIA cards. Both give the same numbers up to rounding.
"""

from typing import TYPE_CHECKING, Any, Protocol

from engine.arrays import F64

if TYPE_CHECKING:
    from engine.fit.matching import Matcher
    from engine.fit.plates import Plates
    from engine.fit.seeded import LayerState
    from engine.progress import Task

#: Pixels of a cell in which the light of a frame may differ from the canonical picture's.
SHADE = 16
#: Share of a cell that must be seen before its light is believed by half.
BELIEF = 0.1
#: Weight up to which a canonical pixel was not seen in a pass.
GLIMPSE = 1e-3
#: Passes from one look at what is not seen to the next: what the neighbouring frames say of hidden
#: places, and how the canonical picture goes on beyond what was shown.
PATIENCE = 3


class Passes(Protocol):
    """What a fit asks of a device.

    Attributes:
        name: Of the device, as ``--device`` takes it.
        link: What matches small grey pictures there; None: the processor does.
    """

    @property
    def name(self) -> str:
        """See above."""
        ...

    @property
    def link(self) -> "Matcher | None":
        """See above."""
        ...

    def adopt(self, state: "LayerState") -> "LayerState":
        """The layer as this device keeps it; what it is asked for its arrays is the same."""
        ...

    def lay(self, state: "LayerState", plates: "Plates", layer: int, reference: int) -> None:
        """Lays the canonical picture anew from the frames as they are placed now."""
        ...

    def visit(
        self,
        plates: "Plates",
        layer: int,
        state: "LayerState",
        reference: int,
        recipe: dict[str, Any],
        task: "Task",
        *,
        move: bool,
        paint: bool,
        robust: float | None,
    ) -> F64:
        """Visits every pixel of a layer once.

        Args:
            plates: The frames at the resolution of ``state``.
            layer: Index of the layer.
            state: The layer, changed in place.
            reference: Index of the frame that does not move.
            recipe: The recipe's numbers.
            task: Cancel.
            move: Step the lattices.
            paint: Step the canonical picture.
            robust: Overrides the recipe's robust scale.

        Returns:
            float64 [2]: sum of squared encoded colour error before the step, and pixels.
        """
        ...

    def subdivide(self, state: "LayerState", plates: "Plates") -> None:
        """Halves the spacing of a layer's lattices; they move every pixel as before."""
        ...

    def halved(self, plates: "Plates") -> "Plates":
        """The same frames at half the working resolution."""
        ...

    def close(self) -> None:
        """The fit has ended in whatever way: gives memory back."""
        ...


def shade_cell(height: int, rows: int) -> int:
    """Pixels of a cell of light, of which a frame of ``height`` pixels has so many rows."""
    return SHADE if -(-height // SHADE) == rows else SHADE // 2


def host_passes() -> Passes:
    """The processor; its loops are loaded here."""
    from engine.fit.host_passes import HOST

    return HOST
