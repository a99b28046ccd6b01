"""The passes of a seeded fit on a device that torch knows, with everything staying there.

Between the frames nothing is asked of the device: a pass ends with reading five numbers, and a pass
of a kind that has been before is recorded and played in one call where the clip stays there. A call
works out what it changes aside and keeps it only at its end, so that a card that is full in the
middle costs a smaller call and nothing else. Sums are added in whatever order the device likes, so
two runs agree to rounding, not to the bit.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from engine.arrays import F64
from engine.errors import DeviceError
from engine.fit.canvas import SEEN, WHOLE, canvas_of
from engine.fit.device_clip import ClipPart, Uploads, halved
from engine.fit.device_layer import DeviceLayer
from engine.fit.device_links import Links
from engine.fit.device_memory import PassDemand, PassPlan, plan_passes, smaller_passes
from engine.fit.device_visit import Visit
from engine.fit.parts import Part, parts_of
from engine.fit.passes import PATIENCE
from engine.fit.plates import Plates
from engine.kernels.backends.choose import kernels_for
from engine.kernels.backends.device import chosen
from engine.kernels.device import canvas as still
from engine.kernels.device import lattice as lattice_kernels
from engine.kernels.device.extent import extents
from engine.kernels.device.replay import Replays
from engine.kernels.device.room import free_on
from engine.progress import Task

if TYPE_CHECKING:
    from engine.fit.seeded import LayerState

_T = TypeVar("_T")
#: Bytes that plain torch needs for a pixel of a call, and our own kernels.
_PLAIN, _FUSED = 600, 16
#: The finest lattice has a control point for so many pixels, and takes so many numbers for each.
_FINEST, _NUMBERS = 4, 40
#: Frames of one call on the processor, in pixels.
_CALM = 2_000_000


class DevicePasses:
    """See ``engine.fit.passes.Passes``.

    Args:
        device: Of torch.
        tell: Called with sentences for the person.
        free: Bytes that are free on the device; None: it is asked, and the processor has no limit.
        replays: What records passes; None: what fits the device.
    """

    def __init__(
        self,
        device: torch.device | str,
        tell: Callable[[str], None] | None = None,
        free: int | None = None,
        replays: Replays | None = None,
    ) -> None:
        self.device = chosen(torch.device(device))
        self.name = str(self.device)
        self.kernels = kernels_for(self.device)
        self._tell, self._free = tell, free
        self._uploads = Uploads(self.device)
        self._plans: dict[tuple[int, int], PassPlan] = {}
        self._replays = replays or Replays(self.device, tell)
        #: Matches small grey pictures here; see ``engine.fit.matching.Matcher``.
        self.link = Links(self.device, self._replays, tell)

    def adopt(self, state: "LayerState") -> "LayerState":
        """The layer with its arrays on the device."""
        state.passes = self
        return state if isinstance(state, DeviceLayer) else DeviceLayer.of(state)

    def lay(self, state: "LayerState", plates: Plates, layer: int, reference: int) -> None:
        """Lays the canonical picture anew from the frames as they are placed now."""
        self._attempt(plates, lambda: self._lay(state, plates, layer, reference))

    @torch.no_grad()
    def _lay(self, state: "LayerState", plates: Plates, layer: int, reference: int) -> None:
        layered = self._own(state)
        order = sorted(range(plates.count), key=lambda t: (abs(t - reference), t))
        matrices, lattices = (layered.on(self.device, name) for name in ("matrices", "lattices"))

        def frame(t: int) -> tuple[ClipPart, torch.Tensor]:
            part = slice(t, t + 1)
            there = lattice_kernels.positions(
                matrices[part], lattices[part], plates.height, plates.width, state.spacing
            )
            return self._part(plates, layer, part, self._plan(plates).resident), there

        boxes = torch.cat([extents(places, part.weights) for part, places in map(frame, order)])
        state.canvas = canvas = canvas_of(boxes.tolist(), plates)
        picture = torch.zeros(canvas.height, canvas.width, 4, device=self.device)
        for t in order:
            part, places = frame(t)
            colours = part.codes[0].float() * plates.scale + plates.offset
            share = part.weights[0].float() / 255
            origin, size = (float(canvas.x0), float(canvas.y0)), (canvas.height, canvas.width)
            still.keep_first(
                picture, still.lay_frame(colours, share, places[0], origin, size), SEEN, WHOLE
            )
        weight = picture[..., 3].clone()
        colour = picture[..., :3] / weight.clamp(min=1e-9)[..., None]
        layered.keep("picture", still.fill_holes(colour, weight > 0).contiguous())
        layered.keep("weight", weight)
        layered.keep("speed", torch.zeros_like(colour))

    @torch.no_grad()
    def visit(
        self,
        plates: Plates,
        layer: int,
        state: "LayerState",
        reference: int,
        recipe: dict[str, Any],
        task: Task,
        *,
        move: bool,
        paint: bool,
        robust: float | None,
    ) -> F64:
        """Visits every pixel of a layer once; see ``engine.fit.passes.Passes``."""
        layered = self._own(state)
        # The group in front is hidden by nothing but the frame; and hidden places are in no hurry.
        hides = layer > 0 and state.turn % PATIENCE == 0
        state.turn += int(move)
        asked = recipe if robust is None else {**recipe, "robust": robust}
        visit = self._attempt(
            plates,
            lambda: Visit(
                self.kernels, plates, layer, layered, reference, asked, move=move, hides=hides
            ),
        )
        parts = parts_of(plates, state.where(plates, layer), state.spacing)

        def whole() -> None:
            visit.begin()
            for part in parts:
                for each in _cut(part, self._plan(plates).frames):
                    visit.call(each, self._part(plates, layer, each.frames, resident=True))
            if paint:
                visit.paint()

        def step_by_step() -> None:
            self._attempt(plates, visit.begin)
            for part in parts:
                self._call(plates, layer, visit, part, task)
            if paint:
                self._attempt(plates, visit.paint)

        while True:
            task.check()
            plan = self._plan(plates)
            if not plan.resident:
                step_by_step()
                break
            kind = (layer, paint, plan, str(parts), visit.kind, self._uploads.places())
            try:
                self._replays.run(kind, whole, step_by_step)
                break
            except torch.OutOfMemoryError:
                pass
            # It was full while it was to be recorded, and nothing has been done.
            self._replays.forget()
            self._fall_back(plates, plan)
        return visit.finish(paint=paint)

    def _call(self, plates: Plates, layer: int, visit: Visit, whole: Part, task: Task) -> None:
        """Visits a part, in as many calls as the plan has it."""
        low, stop = whole.frames.start, whole.frames.stop
        plan = self._plan(plates)
        while low < stop:
            task.check()
            part = replace(whole, frames=slice(low, min(low + plan.frames, stop)))
            try:
                visit.call(part, self._part(plates, layer, part.frames, plan.resident))
            except torch.OutOfMemoryError:
                full = True
            else:
                full, low = False, part.frames.stop
            if full:
                # Outside of the handler: the traceback would hold on to the very tensors.
                plan = self._fall_back(plates, plan)

    def subdivide(self, state: "LayerState", plates: Plates) -> None:
        """Halves the spacing of a layer's lattices."""
        layered, size = self._own(state), (plates.height, plates.width, state.spacing)
        names = ("lattices", "home")

        def finer() -> list[torch.Tensor]:
            coarse = [layered.on(self.device, name) for name in names]
            return [lattice_kernels.subdivide(each, *size) for each in coarse]

        for name, found in zip(names, self._attempt(plates, finer), strict=True):
            layered.keep(name, found)
        state.spacing /= 2

    def halved(self, plates: Plates) -> Plates:
        """The same frames at half the working resolution."""
        frames = max(1, self._plan(plates).frames // 4)
        small = self._attempt(plates, lambda: halved(plates, self._uploads, frames))
        # The passes at half size are the first: the room is theirs.
        self._replays.forget()
        self._uploads.clear()
        self._give_back()
        return small

    def close(self) -> None:
        """The fit has ended in whatever way: nothing stays on the card on its account."""
        self._replays.forget()
        self.link.clear()
        self._uploads.clear()
        self._plans.clear()
        self._give_back()

    def _attempt(self, plates: Plates, work: Callable[[], _T]) -> _T:
        """Does what can be done again; where the card is full, with less on it.

        Raises:
            DeviceError: There is not enough memory for the smallest way.
        """
        while True:
            try:
                return work()
            except torch.OutOfMemoryError:
                pass
            # Outside of the handler: the traceback would hold on to the very tensors.
            self._fall_back(plates, self._plan(plates))

    def _plan(self, plates: Plates) -> PassPlan:
        key = (plates.height, plates.width)
        if key not in self._plans:
            self._plans[key] = self._planned(plates)
        return self._plans[key]

    def _planned(self, plates: Plates) -> PassPlan:
        pixels = plates.height * plates.width
        if self._free is None and self.device.type != "cuda":
            return PassPlan(True, max(1, _CALM // pixels))
        # What matching and passes at another size recorded is not needed any more.
        self._replays.forget()
        self._give_back()
        free = self._free if self._free is not None else free_on(self.device) or 0
        planes = len(plates.weights) * (1 if plates.firm is plates.weights else 2)
        here = pixels * (3 * plates.codes.itemsize + planes)
        fused = self.kernels.of["register"] != "torch"
        work = pixels * (_FUSED if fused else _PLAIN) + pixels // _FINEST * _NUMBERS
        demand = PassDemand(
            clip=here * plates.count,
            kept=(pixels // _FINEST * 6 + pixels // 64 * 3) * 4 * plates.count
            + pixels * len(plates.weights) * 4 * 24,
            frame=here + work,
            count=plates.count,
        )
        plan = plan_passes(free, demand)
        self._say(plan.sentence(f"passes at {plates.width}x{plates.height}", free))
        return plan

    def _fall_back(self, plates: Plates, plan: PassPlan) -> PassPlan:
        plan = self._plans[plates.height, plates.width] = smaller_passes(plan)
        self._replays.forget()
        if not plan.resident:
            self._uploads.clear()
        self._give_back()
        where = "the clip stays on it" if plan.resident else "frames are sent"
        self._say(f"the card was full; going on with {plan.frames} frames at a time, {where}")
        return plan

    def _part(self, plates: Plates, layer: int, frames: slice, resident: bool) -> ClipPart:
        return ClipPart(self._uploads, plates, layer, frames, resident)

    def _own(self, state: "LayerState") -> DeviceLayer:
        """A layer that this device keeps.

        Raises:
            DeviceError: It was never given to the device.
        """
        if not isinstance(state, DeviceLayer):
            raise DeviceError("a layer of the fit is not on the device; this is a mistake of ours")
        return state

    def _give_back(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _say(self, sentence: str) -> None:
        if self._tell is not None:
            self._tell(sentence)


def _cut(part: Part, frames: int) -> list[Part]:
    """A part in pieces of at most so many frames."""
    low, stop = part.frames.start, part.frames.stop
    cuts = [slice(n, min(n + frames, stop)) for n in range(low, stop, frames)]
    return [replace(part, frames=each) for each in cuts]
