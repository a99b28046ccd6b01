"""From the working state of a fit to the field: full-size canonical images, light, figures."""

from collections.abc import Callable, Sequence

import numpy as np

from engine.arrays import F32, U8, AnyArray, Bool
from engine.colour.encoding import decode
from engine.fields.field import Canonical, Field
from engine.fit.canvas import fill_holes
from engine.fit.plates import Plates, is_eight_bit
from engine.fit.pure import SEEN, alone, continued
from engine.fit.residual import fit_frame
from engine.fit.seeded import LayerState
from engine.io.picture import Picture, Window
from engine.kernels import lattice as lattice_kernels
from engine.kernels import threads
from engine.kernels.curve import display8, display_error
from engine.kernels.splat import splat_frames
from engine.metrics.psnr import counted
from engine.progress import Task
from engine.warp.render import composite_pair

#: Weight from which a canonical pixel counts as covered.
COVERED = 0.02
#: Bytes that the sums of a full-size pass may take: a thread more has sums of its own.
SUMS = 3 << 30
#: Encoded difference at which a full-size pixel's weight halves.
ROBUST = 0.15


def canonical_of(picture: F32, weight: F32, canvas: Window, offset: tuple[int, int]) -> Canonical:
    """A fitted picture as it is stored: scene-linear, premultiplied by coverage, cropped.

    Args:
        picture: Encoded colours [h, w, 3] on ``canvas``.
        weight: [h, w], how much was seen of each place.
        canvas: Canvas in pixels from the data window's corner.
        offset: Corner of the data window in the display window.
    """
    x0, y0 = canvas.x0 + offset[0], canvas.y0 + offset[1]
    window = Window(x0, y0, x0 + canvas.width, y0 + canvas.height)
    return covered_canonical(picture, weight > COVERED, window)


def covered_canonical(picture: F32, covered: Bool, window: Window) -> Canonical:
    """A canonical image cropped to where it is covered.

    Args:
        picture: Encoded colours [h, w, 3] on ``window``.
        covered: [h, w].
        window: Canvas in canonical pixels.
    """
    rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
    if len(rows):
        box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    else:
        box = (slice(0, 1), slice(0, 1))
    alpha = covered[box].astype(np.float32)
    # Half is what the file will hold: the field in memory is the field on disk.
    pixels = np.empty((*alpha.shape, 4), np.float32)
    linear = decode(picture[box])
    fits = np.abs(linear).max(initial=0) < 60000
    pixels[..., :3] = (linear.astype(np.float16) if fits else linear) * alpha[..., None]
    pixels[..., 3] = alpha
    x0, y0 = window.x0 + int(box[1].start), window.y0 + int(box[0].start)
    return Canonical(pixels, Window(x0, y0, x0 + alpha.shape[1], y0 + alpha.shape[0]))


def enlarge(state: LayerState, shrink: int) -> LayerState:
    """A layer in full-size pixels: exact for the deformation, smooth for the picture."""
    import cv2

    size = np.diag([shrink, shrink, 1.0])
    c = state.canvas
    canvas = Window(c.x0 * shrink, c.y0 * shrink, c.x1 * shrink, c.y1 * shrink)
    target = (canvas.width, canvas.height)
    return LayerState(
        matrices=size @ state.matrices @ np.linalg.inv(size),
        lattices=(state.lattices * np.float32(shrink)).astype(np.float32),
        home=state.home,
        shade=state.shade,
        spacing=state.spacing * shrink,
        canvas=canvas,
        picture=cv2.resize(state.picture, target, interpolation=cv2.INTER_CUBIC),
        speed=np.zeros((0, 0, 3), np.float32),
        weight=cv2.resize(state.weight, target, interpolation=cv2.INTER_LINEAR),
    )


def sharpen_full_size(
    states: list[LayerState],
    plates: Plates,
    frames: Sequence[int],
    picture: Callable[[int], Picture],
    shares: Callable[[int], list[U8]],
    task: Task,
) -> None:
    """One pass of full-size frames, read one by one, over the canonical pictures.

    Args:
        states: The layers in full-size pixels, changed in place.
        plates: How the frames are coded.
        frames: Frame numbers.
        picture: Frame number to picture.
        shares: Frame number to visible shares of the layers.
        task: Progress and cancel.
    """
    import numba

    size = max(state.picture.shape[0] * state.picture.shape[1] * 16 for state in states)
    count = max(1, min(numba.get_num_threads(), SUMS // (size * len(states))))
    splats = [np.zeros((count, *state.picture.shape[:2], 4), np.float32) for state in states]
    # A frame per thread and call: each has its own sums.
    for low in range(0, len(frames), count):
        some = frames[low : low + count]
        task.report(low / len(frames), "full-size canonical")
        codes, weights = read_some(plates, len(states), some, picture, shares)
        part = slice(low, low + len(some))
        for k, state in enumerate(states):
            if weights[k].any():
                _collect(state, plates, codes, weights[k], part, splats[k])
    for state, splat in zip(states, splats, strict=True):
        total = splat.sum(axis=0)
        step = total[..., :3] / np.maximum(total[..., 3:], 1e-3)
        sharp = (state.picture + step).astype(np.float32)
        if len(states) > 1:
            # Only pixels that show the layer alone were looked at; it covers more than those.
            state.picture = continued(sharp, total[..., 3] > SEEN, state.picture, 1.0)
            state.weight = np.maximum(state.weight, total[..., 3])
        else:
            state.weight = total[..., 3]
            state.picture = fill_holes(sharp, state.weight > COVERED)


def read_some(
    plates: Plates,
    layers: int,
    frames: Sequence[int],
    picture: Callable[[int], Picture],
    shares: Callable[[int], list[U8]],
) -> tuple[AnyArray, U8]:
    """Codes [B, H, W, 3] and weights [K, B, H, W] of a few full-size frames."""
    size = (len(frames), plates.data.height, plates.data.width)
    codes = np.empty((*size, 3), plates.codes.dtype)
    weights = np.empty((layers, *size), np.uint8)
    for b, frame in enumerate(frames):
        codes[b], finite = plates.coded(picture(frame))
        for k, mask in enumerate(shares(frame)):
            own = alone(mask) if layers > 1 else mask
            weights[k, b] = own if finite is None else np.where(finite, own, 0)
    return codes, weights


def _collect(
    state: LayerState, plates: Plates, codes: AnyArray, weights: U8, part: slice, splats: F32
) -> None:
    """Adds what full-size frames see of a layer to ``splats``, one for each frame of a call."""
    height, width = weights.shape[1:]
    # The border of the last working pixel may reach past the lattice of the full frame.
    rows, columns = (lattice_kernels.taps(size, state.spacing) for size in (height, width))
    positions = np.empty((*weights.shape, 2), np.float32)
    with threads.guard():
        for b, index in enumerate(range(part.start, part.stop)):
            positions[b] = lattice_kernels.positions(
                state.matrices[index], 0.0, 0.0, state.lattices[index], *rows, *columns
            )
    splat_frames(
        codes,
        plates.scale,
        plates.offset,
        weights,
        ROBUST,
        positions,
        state.picture,
        (float(state.canvas.x0), float(state.canvas.y0)),
        splats,
    )


def measure(field: Field, index: int, shot: Picture, *, most: float = 0.0) -> tuple[float, float]:
    """Measures one frame, and finds its residual first when the field has one.

    Args:
        field: The field; with its light. The residual of this frame is set when it has any.
        index: Position of the frame.
        shot: Its picture.
        most: Decibels by which all terms may be better than the edit path; see ``fit_frame``.

    Returns:
        PSNR of the edit path, and with all terms, in dB over 8-bit display values; not a number
        where the frame was left out wholly.
    """
    truth, kept = shot.rgb, counted(field, index, shot.rgb)
    return _measured(field, index, truth, display8(truth), kept, is_eight_bit(shot), most)


def measure_codes(field: Field, index: int, codes: U8, *, most: float = 0.0) -> tuple[float, float]:
    """``measure`` of a frame of which every pixel counts and 8-bit display codes hold all there is.

    Args:
        field: As for ``measure``.
        index: Position of the frame.
        codes: uint8 [H, W, 3] at full size.
        most: As for ``measure``.
    """
    return _measured(field, index, None, codes, None, True, most)


def _measured(
    field: Field,
    index: int,
    truth: F32 | None,
    codes: U8,
    kept: Bool | None,
    eight_bit: bool,
    most: float,
) -> tuple[float, float]:
    plain, lit = composite_pair(field, index)
    edit_path = display_error(plain, codes, kept)
    if field.residual is not None:
        final = fit_frame(
            field.residual, index, truth, lit, codes, kept, edit_path, most, eight_bit=eight_bit
        )
    else:
        final = edit_path if lit is plain else display_error(lit, codes, kept)
    return _decibels(edit_path), _decibels(final)


def _decibels(error: float) -> float:
    """PSNR of a mean squared error in 8-bit codes squared."""
    if error == 0:
        return float("inf")
    return float(10 * np.log10(255.0**2 / error))


def encoded_preview(state: LayerState, *, half: bool = False) -> F32:
    """The canonical picture so far, scene-linear premultiplied [h, w, 4].

    Args:
        state: The layer.
        half: Whether it is at half the working resolution; the preview never is.
    """
    if half:
        state = enlarge(state, 2)
    alpha = (state.weight > COVERED).astype(np.float32)
    return np.dstack([decode(state.picture) * alpha[..., None], alpha]).astype(np.float32)
