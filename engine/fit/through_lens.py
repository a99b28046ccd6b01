"""A fit through a lens: the motion is found on undistorted pictures, the still made from the plate.

Straight lines stay straight in an undistorted picture, so that a camera move is a homography. The
undistorted pictures serve to find the motion only: at the end each plate is laid onto the canonical
image once more, through both maps joined, so that no picture is filtered twice.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.arrays import F32, U8, AnyArray, finite_pixels
from engine.colour.encoding import encode
from engine.errors import InputError, UsageError
from engine.fields.field import Canonical, Field, Layer
from engine.fields.residual import Residual
from engine.fit.closer import see_closer
from engine.fit.finish import COVERED, covered_canonical, measure
from engine.fit.groups import Groups
from engine.fit.hints import CornerPin, Hints, PointTrack
from engine.fit.pure import alone
from engine.fit.request import FitRequest, GroupMasks
from engine.io.picture import Picture, Window
from engine.kernels.mosaic import lay_frame
from engine.metrics.psnr import clip_score
from engine.progress import Task
from engine.warp.lens import Lens, LensDeformation, straightened
from engine.warp.sheet import sheet_of

#: Share of the time budget, and of the progress, that finding the motion may take.
MOTION = 0.7
#: Times that the plates are laid onto the canonical image.
ROUNDS = 2
#: Colour error (encoded) at which a pixel's weight halves.
ROBUST = 0.15


def fit_through_lens(
    request: FitRequest, lens: Lens, fit: Callable[[FitRequest, Task], Field], task: Task
) -> Field:
    """Fits a clip whose lens is known.

    Args:
        request: What to fit; in plate pixels.
        lens: Of the clip, with the plates' windows.
        fit: Fits the undistorted clip.
        task: Progress and cancel.

    Raises:
        UsageError: ST maps as hints, which lead from plate to plate.
        InputError: Frames of another size than the lens.
    """
    inner = fit(_undistorted(request, lens, task.now()), task.part(0, MOTION))
    groups = _groups(request, lens, inner, task.part(MOTION, MOTION))
    field = _on_plates(inner, groups, lens)
    _lay_plates(field, request, task.part(MOTION, 0.9))
    closer = _see_closer(field, inner, request, task.part(0.9, 0.95))
    done = _measured(field, inner, request, task.part(0.95, 1))
    done.report["closer"] = closer
    return done


def _undistorted(request: FitRequest, lens: Lens, now: float) -> FitRequest:
    """The request in undistorted pixels."""
    outside = ~np.isfinite(lens.bent).all(axis=2)
    x, y = lens.bent[..., 0] - lens.data.x0, lens.bent[..., 1] - lens.data.y0
    height, width = lens.straight.shape[:2]
    # A centre closer to the border would read what the plate does not hold.
    outside |= ~((x >= 0.5) & (y >= 0.5) & (x <= width - 0.5) & (y <= height - 0.5))

    def picture(frame: int) -> Picture:
        return undistorted_picture(request.picture(frame), lens)

    def ignore(frame: int) -> U8:
        gone = outside.astype(np.uint8) * 255
        if request.ignore is not None:
            gone = np.maximum(gone, _warped(request.ignore(frame), lens, linear=True))
        return np.asarray(gone, np.uint8)

    def through(mask: Callable[[int], U8]) -> Callable[[int], U8]:
        return lambda frame: _warped(mask(frame), lens, linear=True)

    options = request.options
    if options.seconds is not None:
        spent = now - request.started
        options = replace(options, seconds=spent + MOTION * max(options.seconds - spent, 0))
    return replace(
        request,
        picture=picture,
        groups=[GroupMasks(group.name, through(group.mask)) for group in request.groups],
        # Flow between plates is no flow between undistorted pictures.
        flow=None,
        ignore=ignore,
        options=options,
        hints=_straight_hints(request.hints, lens),
        lens=None,
        draft=_drafts(request, lens),
    )


def _drafts(request: FitRequest, lens: Lens) -> Callable[[Field, float | None, float], None] | None:
    """Shows what is known of the undistorted pictures as the plates see it.

    The still is that of the undistorted pictures until the plates are laid: filtered once more.
    """
    show = request.draft
    if show is None:
        return None
    known: list[Groups] = []

    def draft(inner: Field, psnr: float | None, seconds: float) -> None:
        if not known:  # the masks of the plates are the same for all drafts
            known.append(_groups(request, lens, inner, Task()))
        show(_on_plates(inner, known[0], lens), psnr, seconds)

    return draft


def _on_plates(inner: Field, groups: Groups, lens: Lens) -> Field:
    """The fit of the undistorted pictures as one of the plates."""
    return replace(
        inner,
        data=lens.data,
        layers=[_seen_through(inner, k, lens) for k in range(len(inner.layers))],
        masks=groups.masks,
        ignored=groups.ignored,
        residual=None,
    )


def undistorted_picture(shot: Picture, lens: Lens) -> Picture:
    """A picture as a lens without distortion would have taken it, over the lens's ``window``.

    Raises:
        InputError: The picture has another data window than the lens.
    """
    own = shot.data.moved(-shot.display.x0, -shot.display.y0)
    if own != lens.data:
        raise InputError(
            f"a frame is {own.width}x{own.height}, the undistort and redistort maps are for "
            f"{lens.data.width}x{lens.data.height}; a fit needs frames of one size"
        )
    native = shot.native
    if native is not None and native.bits == 8 and native.codes.dtype == np.uint8:
        native = replace(native, codes=_warped(native.codes, lens))
    else:
        native = None
    pixels = _warped(shot.pixels, lens)
    if shot.pixels.shape[2] > 3:
        pixels[..., 3] = _warped(shot.alpha, lens, linear=True)
    return Picture(
        pixels,
        display=shot.display.moved(-shot.display.x0, -shot.display.y0),
        data=lens.window,
        pixel_aspect=shot.pixel_aspect,
        native=native,
        metadata=shot.metadata,
    )


def _warped(plate: AnyArray, lens: Lens, *, linear: bool = False) -> AnyArray:
    """A picture [H, W(, C)] over the plate, drawn over the undistorted picture."""
    import cv2

    bent = np.nan_to_num(lens.bent, nan=-1.0)
    drawn: AnyArray = cv2.remap(
        plate,
        np.ascontiguousarray(bent[..., 0] - np.float32(lens.data.x0 + 0.5)),
        np.ascontiguousarray(bent[..., 1] - np.float32(lens.data.y0 + 0.5)),
        cv2.INTER_LINEAR if linear else cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return drawn.reshape(*bent.shape[:2], *plate.shape[2:])


def _straight_hints(hints: Hints, lens: Lens) -> Hints:
    """What is known of the motion, in undistorted pixels.

    Raises:
        UsageError: ST maps.
    """
    if hints.maps:
        raise UsageError(
            f"{hints.maps[0].name}: ST maps as a start of the motion do not go with a lens; give "
            "tracks or corner pins, or leave the undistort and redistort maps out"
        )

    def track(known: PointTrack) -> PointTrack:
        frames = list(known.places)
        places = lens.straightened(np.array([known.places[f] for f in frames], np.float32))
        pairs = {f: (float(x), float(y)) for f, (x, y) in zip(frames, places, strict=True)}
        return replace(known, places=pairs)

    def pin(known: CornerPin) -> CornerPin:
        corners = {
            frame: lens.straightened(places.astype(np.float32)).astype(np.float64)
            for frame, places in known.corners.items()
        }
        return replace(known, corners=corners)

    return replace(
        hints, tracks=[track(t) for t in hints.tracks], pins=[pin(p) for p in hints.pins]
    )


def _groups(request: FitRequest, lens: Lens, inner: Field, task: Task) -> Groups:
    """The masks of the plates, and what of them the fit did not see."""
    size = (lens.data.height, lens.data.width)
    groups = Groups(request.frames, request.groups, size, task, request.ignore)
    everything = np.ones(size, np.bool_)
    for index, frame in enumerate(request.frames):
        if not inner.seen(index).any():
            groups.leave_out(frame, everything)  # another shot
        if request.options.alpha:
            groups.look(frame, request.picture(frame))
    groups.leave_transparent_out()
    return groups


def _seen_through(inner: Field, k: int, lens: Lens) -> Layer:
    """A layer of the undistorted fit as the plate sees it; the still is laid later."""
    layer = inner.layers[k]
    lighting, canonical = layer.lighting, layer.canonical
    if lighting is not None:
        lighting = _light_on_plate(lighting, lens)
    if canonical.scale > 1:
        # It is laid anew from the plates: first as large as the reference frame shows it.
        data = canonical.data
        x, y = np.arange(data.x0, data.x1) + 0.5, np.arange(data.y0, data.y1) + 0.5
        points = np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)
        canonical = Canonical(sheet_of(canonical).read(points), data)
    deformation = LensDeformation(layer.deformation, lens.straight, lens.data)
    return replace(layer, deformation=deformation, canonical=canonical, lighting=lighting)


def _light_on_plate(lighting: F32, lens: Lens) -> F32:
    """Light at control points spread over the plate instead of the undistorted window."""
    count, rows, columns = lighting.shape[:3]
    data, window = lens.data, lens.window
    x, y = np.meshgrid(np.linspace(data.x0, data.x1, columns), np.linspace(data.y0, data.y1, rows))
    corners = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    places = straightened(lens.straight, data, corners)
    u = np.clip((places[:, 0] - window.x0) / window.width, 0, 1) * (columns - 1)
    v = np.clip((places[:, 1] - window.y0) / window.height, 0, 1) * (rows - 1)
    j = np.minimum(u.astype(np.intp), columns - 2)
    i = np.minimum(v.astype(np.intp), rows - 2)
    fu, fv = (u - j)[:, None], (v - i)[:, None]
    upper = lighting[:, i, j] * (1 - fu) + lighting[:, i, j + 1] * fu
    lower = lighting[:, i + 1, j] * (1 - fu) + lighting[:, i + 1, j + 1] * fu
    return np.asarray((upper * (1 - fv) + lower * fv).reshape(count, rows, columns, 3), np.float32)


def _lay_plates(field: Field, request: FitRequest, task: Task) -> None:
    """Lays the plates themselves onto the canonical images, each pixel filtered once.

    What a still misses of a plate, read through the joined maps, goes back to where it was read.
    """
    stills = [encode(_plain(layer.canonical.pixels)) for layer in field.layers]
    sums = [np.empty((*still.shape[:2], 4), np.float32) for still in stills]
    began, options = task.now(), request.options
    for turn in range(ROUNDS):
        now = task.now()
        # A round more, and measuring after it, which takes about as long.
        late = options.seconds is not None and now + 2 * (now - began) > (
            request.started + options.seconds
        )
        if turn and (late or task.ending):
            break
        for total in sums:
            total[:] = 0
        for index, frame in enumerate(field.frames):
            task.report((turn + index / len(field.frames)) / ROUNDS, "laying plates")
            shot = encode(request.picture(frame).rgb)
            finite = finite_pixels(shot)
            seen = np.asarray(field.seen(index) * finite, np.float32)
            shot = np.where(finite[..., None], shot, np.float32(0))
            for k, layer in enumerate(field.layers):
                if seen[k].any():
                    positions = layer.deformation.positions(index)
                    _lay(shot, seen[k], positions, stills[k], layer.canonical.data, sums[k])
        for still, total in zip(stills, sums, strict=True):
            still += total[..., :3] / np.maximum(total[..., 3:], 1e-3)
    for layer, still, total in zip(field.layers, stills, sums, strict=True):
        known = np.asarray(total[..., 3] > COVERED, np.bool_)
        layer.canonical = covered_canonical(still, known, layer.canonical.data)


def _see_closer(
    field: Field, inner: Field, request: FitRequest, task: Task
) -> list[dict[str, float]]:
    """Finer stills of the plates, where the fit of the undistorted clip has some."""
    if all(layer.canonical.scale == 1 for layer in inner.layers):
        return list(inner.report.get("closer", []))

    def look(index: int) -> tuple[F32, AnyArray]:
        shot = encode(request.picture(field.frames[index]).rgb)
        finite = finite_pixels(shot)
        shares = [share if len(field.layers) == 1 else alone(share) for share in _codes(index)]
        shot = np.where(finite[..., None], shot, np.float32(0))
        return shot, np.stack([np.where(finite, share, 0) for share in shares])

    def _codes(index: int) -> list[U8]:
        return [np.rint(share * 255).astype(np.uint8) for share in field.seen(index)]

    def left() -> float:
        # Measuring takes about as long as one more look at each frame.
        seconds = request.options.seconds
        return np.inf if seconds is None else 0.6 * (request.started + seconds - task.now())

    return see_closer(field, look, task, left)


def _plain(pixels: F32) -> F32:
    """Colours [h, w, 3] of a canonical image, its holes filled smoothly."""
    from engine.fit.canvas import fill_holes

    known = np.asarray(pixels[..., 3] > 0, np.bool_)
    colour = pixels[..., :3] / np.maximum(pixels[..., 3:], 1e-6)
    return fill_holes(np.asarray(colour, np.float32), known)


def _lay(shot: F32, share: F32, positions: F32, still: F32, window: Window, total: F32) -> None:
    """Adds what a still misses of a frame to ``total`` (sums of weight * colour and of weight)."""
    import cv2

    read = cv2.remap(
        still,
        positions[..., 0] - np.float32(window.x0 + 0.5),
        positions[..., 1] - np.float32(window.y0 + 0.5),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    missing = np.ascontiguousarray(shot - read, np.float32)
    trust = share / (1 + np.square(missing).sum(axis=2) / ROBUST**2)
    lay_frame(
        missing,
        np.float32(1),
        np.float32(0),
        np.rint(trust * 255).astype(np.uint8),
        np.ascontiguousarray(positions, np.float32),
        np.float32(window.x0),
        np.float32(window.y0),
        total,
    )


def _measured(field: Field, inner: Field, request: FitRequest, task: Task) -> Field:
    """The field with its figures, all over the plates."""
    numbers = inner.report.get("schedule", {}).get("recipe", {})
    if inner.residual is not None:
        data, cell = field.data, inner.residual.cell
        field.residual = Residual.empty(data.height, data.width, cell, len(field.frames))
    pairs = []
    for index, frame in enumerate(field.frames):
        task.report(index / len(field.frames), "measuring")
        most = float(numbers.get("residual_gain", 0))
        pairs.append(measure(field, index, request.picture(frame), most=most))
    edit_path, everything = (clip_score(values) for values in zip(*pairs, strict=True))
    field.report.update(
        psnr_edit_path=edit_path,
        psnr=everything,
        width=field.data.width,
        height=field.data.height,
        lens=True,
        seconds=task.now() - request.started,
    )
    if field.ignored is not None:
        kept = [field.kept(index) for index in range(len(field.frames))]
        field.report["ignored"] = float(np.mean([1 - k.mean() for k in kept if k is not None]))
    else:
        field.report["ignored"] = 0.0
    return field
