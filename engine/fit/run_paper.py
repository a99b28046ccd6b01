"""The ``paper`` recipe from request to field."""

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.arrays import F32, U8
from engine.fields.field import Field, Layer
from engine.fit.finish import covered_canonical, measure
from engine.fit.work import FITTED, MEASURED, READ, ClipWork
from engine.flow.pair import FlowPair
from engine.kernels.backends.device import device_of
from engine.metrics.psnr import clip_score
from engine.progress import Task

if TYPE_CHECKING:
    from engine.fields.networkfield import NetworkDeformation

#: Frames that say what of a draft's canonical image is covered.
DRAFT_LOOKS = 8
#: A draft is followed by so many times its own time without one.
DRAFT_REST = 9.0


def fit_paper_clip(clip: ClipWork, task: Task) -> Field:
    """Fits a clip as published."""
    from engine.fit.paper import fit_paper

    request = clip.request
    data = _PaperClip(clip)
    began = time.monotonic()
    draft = _Drafts(clip, task) if request.draft is not None else None
    result = fit_paper(request, data, task.part(READ, FITTED, "fit"), draft=draft)
    field = _drawn(clip, result.layers, task.part(FITTED, MEASURED, "canonical image"))
    finish = task.part(MEASURED, 1.0, "measuring")
    values = []
    for index, frame in enumerate(field.frames):
        finish.report(index / len(field.frames), "measuring")
        values.append(measure(field, index, request.picture(frame))[0])
    field.report = clip.report(
        psnr_edit_path=clip_score(values),
        psnr=clip_score(values),
        seconds=time.monotonic() - request.started,
        seconds_matching=data.matching,
        seconds_fit=time.monotonic() - began,
        steps=result.steps,
        schedule=result.schedule,
        seeds=[],
        psnr_training=result.psnr,
        psnr_curve=result.psnr_curve,
        device=str(device_of(request.options.device)),
    )
    return field


def _drawn(
    clip: ClipWork, networks: Sequence["NetworkDeformation"], task: Task, every: int = 1
) -> Field:
    """The field of fitted networks: their canonical images, where each n-th frame looks."""
    from engine.fields.networkfield import render_canonical

    layers = []
    for k, deformation in enumerate(networks):
        plate = render_canonical(
            deformation,
            mask=lambda index, k=k: _full_mask(clip, k, index),  # type: ignore[misc]
            every=every,
            task=task.part(k / len(networks), (k + 1) / len(networks)),
        )
        canonical = covered_canonical(plate.pixels, plate.coverage > 0, plate.window)
        layers.append(Layer(clip.groups.names[k], deformation, canonical))
    return clip.field(layers)


class _Drafts:
    """Hands over what was reached as a field, now and then, so that it costs the fit little."""

    def __init__(self, clip: ClipWork, task: Task) -> None:
        self._clip, self._task = clip, task
        self._next = -math.inf

    def __call__(self, layers: Callable[[], list["NetworkDeformation"]], psnr: float) -> None:
        """Hands them over, when it is time."""
        request, began = self._clip.request, time.monotonic()
        if request.draft is None or began < self._next:
            return
        every = max(len(request.frames) // DRAFT_LOOKS, 1)
        silent = Task(None, self._task.cancelled)
        request.draft(_drawn(self._clip, layers(), silent, every), psnr, began - request.started)
        ended = time.monotonic()
        self._next = ended + DRAFT_REST * (ended - began)


def _full_mask(clip: ClipWork, layer: int, index: int) -> U8:
    return clip.groups.shares(clip.request.frames[index])[layer]


class _PaperClip:
    """The plates as the paper's loop reads them."""

    def __init__(self, clip: ClipWork) -> None:
        plates = clip.plates
        self.count, self.layers = plates.count, len(plates.weights)
        self.height, self.width = plates.height, plates.width
        self.shrink, self.window = plates.shrink, plates.data
        self._plates = plates
        self._flow = clip.flow()
        self._kept: dict[int, FlowPair] = {}
        self.matching = 0.0

    def frame(self, index: int) -> F32:
        """Encoded colours; NaN where a pixel belongs to no layer."""
        colours = self._plates.encoded(index)
        colours[self._plates.weights[:, index].max(axis=0) == 0] = np.nan
        return colours

    def masks(self, index: int) -> list[U8]:
        """Visible share of each layer."""
        return list(self._plates.weights[:, index])

    def flow(self, index: int) -> FlowPair:
        """Flow of a frame, kept: the loop comes back to every frame many times."""
        if index not in self._kept:
            began = time.monotonic()
            self._kept[index] = self._flow(index)
            self.matching += time.monotonic() - began
        return self._kept[index]
