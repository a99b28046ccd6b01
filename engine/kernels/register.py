"""One pass of the explicit model over a batch of frames: residual, lattice equations, canonical.

The model of a frame is ``I(x) = C(M x + d(x))`` with a homography M, a cubic B-spline lattice d
(see ``engine.kernels.lattice``) and a bilinear canonical picture C. One visit of a pixel gives its
share of the Gauss-Newton equations of the lattice (gradient and lumped 2 x 2 normal matrix: since
B-splines sum to one, the lumped matrix bounds the full one) and of the canonical picture (gradient
and lumped diagonal). ``register_reference`` says the same in plain torch.

Convention: pixel centres at +0.5, x right, y down; the canonical array starts at canvas point
(cx, cy). Colours are perceptually encoded; ``scale`` and ``offset`` turn stored codes into them.
"""

import numba
import numpy as np

from engine.kernels import threads
from engine.kernels.lattice import _blend_rows

threads.prepare()


@numba.njit(parallel=True, fastmath=True, cache=True)
def register_pass(  # type: ignore[no-untyped-def]
    codes,
    scale,
    offset,
    weights,
    firm,
    frame_weight,
    robust,
    matrices,
    lattices,
    row_cell,
    row_weight,
    col_cell,
    col_weight,
    canonical,
    cx,
    cy,
    shade,
    cell,
    gradient,
    normal,
    splat,
    tone,
    misfit,
    loss,
):
    """Visits every pixel of a batch of frames once.

    Args:
        codes: [B, H, W, 3] uint8 or uint16 frames.
        scale: Encoded colour = code * scale + offset.
        offset: See ``scale``.
        weights: uint8 [B, H, W]: how far a pixel belongs to the group, 255 = wholly.
        firm: uint8 [B, H, W]: 0 where a pixel must not move the lattice (the rim of a mask, whose
            colours are mixed with what lies behind).
        frame_weight: float32 [B]: weight of each frame for the canonical picture.
        robust: Colour error (encoded) at which a pixel's weight halves (Cauchy); 0 = plain squares.
        matrices: float64 [B, 3, 3]: pixel of the data window (from its corner) to canvas.
        lattices: float32 [B, gy, gx, 2].
        row_cell: As ``lattice.taps`` gives them, as are the next three.
        row_weight: See ``row_cell``.
        col_cell: See ``row_cell``.
        col_weight: See ``row_cell``.
        canonical: float32 [h, w, 3].
        cx: Canvas x of the canonical array's left edge.
        cy: Canvas y of its top edge.
        shade: float32 [B, sy, sx, 3]: smooth difference of light, encoded, that the lattice must
            not explain by motion; one value per cell of ``cell`` pixels, interpolated linearly.
        cell: Pixels of a cell of ``shade``.
        gradient: Out, float32 [B, gy, gx, 2]: sum of B * J^T (r - shade).
        normal: Out, float32 [B, gy, gx, 3]: sum of B * (gx gx, gx gy, gy gy).
        splat: In and out, float32 [threads, h, w, 4]: sum of w r (3) and of w.
        tone: Out, float32 [B, sy, sx, 4]: sum of w r (3) and of w over each cell.
        misfit: Out, float32 [B, gy - 3, gx - 3, 2]: over each cell of the lattice, sum of squared
            colour error after the shade, and pixels; only firm ones.
        loss: Out, float64 [B, 2]: sum of squared colour error over the group, and pixels.
    """
    batch, height, width = codes.shape[0], codes.shape[1], codes.shape[2]
    ch, cw = canonical.shape[0], canonical.shape[1]
    columns = lattices.shape[2]
    inverse_robust = np.float32(1.0 / (robust * robust)) if robust > 0 else np.float32(0)
    for b in numba.prange(batch):
        thread = numba.get_thread_id()
        matrix = matrices[b]
        total = 0.0
        count = 0.0
        gradient[b] = 0
        normal[b] = 0
        tone[b] = 0
        misfit[b] = 0
        row = np.empty((columns, 5), np.float32)
        light = np.empty((shade.shape[2], 3), np.float32)
        last = shade.shape[2] - 1
        for y in range(height):
            first = width
            for x in range(width):
                if weights[b, y, x] > 0:
                    first = x
                    break
            if first == width:
                continue
            blended = _blend_rows(lattices[b], row_cell[y], row_weight[y])
            row[:] = 0
            _blend_light(shade[b], y, cell, light)
            py = y + 0.5
            for x in range(first, width):
                share = weights[b, y, x]
                if share == 0:
                    continue
                j = col_cell[x]
                w0, w1, w2, w3 = (
                    col_weight[x, 0],
                    col_weight[x, 1],
                    col_weight[x, 2],
                    col_weight[x, 3],
                )
                dx = (
                    w0 * blended[j, 0]
                    + w1 * blended[j + 1, 0]
                    + w2 * blended[j + 2, 0]
                    + w3 * blended[j + 3, 0]
                )
                dy = (
                    w0 * blended[j, 1]
                    + w1 * blended[j + 1, 1]
                    + w2 * blended[j + 2, 1]
                    + w3 * blended[j + 3, 1]
                )
                px = x + 0.5
                d = 1.0 / (matrix[2, 0] * px + matrix[2, 1] * py + matrix[2, 2])
                u = np.float32(
                    (matrix[0, 0] * px + matrix[0, 1] * py + matrix[0, 2]) * d + dx - cx - 0.5
                )
                v = np.float32(
                    (matrix[1, 0] * px + matrix[1, 1] * py + matrix[1, 2]) * d + dy - cy - 0.5
                )
                if not (u >= 0 and v >= 0 and u < cw - 1 and v < ch - 1):
                    continue
                iu, iv = int(u), int(v)
                fu, fv = u - np.float32(iu), v - np.float32(iv)
                gu, gv = np.float32(1) - fu, np.float32(1) - fv
                place = min(max((x + np.float32(0.5)) / cell - np.float32(0.5), 0), last)
                left = int(place)
                right = min(left + 1, last)
                between = np.float32(place - left)
                error_seen = np.float32(0)
                xx = np.float32(0)
                xy = np.float32(0)
                yy = np.float32(0)
                bx = np.float32(0)
                by = np.float32(0)
                error = np.float32(0)
                r0 = np.float32(0)
                r1 = np.float32(0)
                r2 = np.float32(0)
                for c in range(3):
                    c00 = canonical[iv, iu, c]
                    c01 = canonical[iv, iu + 1, c]
                    c10 = canonical[iv + 1, iu, c]
                    c11 = canonical[iv + 1, iu + 1, c]
                    top = c00 * gu + c01 * fu
                    bottom = c10 * gu + c11 * fu
                    r = codes[b, y, x, c] * scale + offset - (top * gv + bottom * fv)
                    sx = gv * (c01 - c00) + fv * (c11 - c10)
                    sy = bottom - top
                    xx += sx * sx
                    xy += sx * sy
                    yy += sy * sy
                    seen = r - (light[left, c] + between * (light[right, c] - light[left, c]))
                    bx += sx * seen
                    by += sy * seen
                    error += r * r
                    error_seen += seen * seen
                    if c == 0:
                        r0 = r
                    elif c == 1:
                        r1 = r
                    else:
                        r2 = r
                part = share * np.float32(1 / 255)
                total += part * error
                count += part
                w = part / (np.float32(1) + error_seen * inverse_robust)
                xx *= w
                xy *= w
                yy *= w
                bx *= w
                by *= w
                if firm[b, y, x] > 0:
                    misfit[b, row_cell[y], j, 0] += part * error_seen
                    misfit[b, row_cell[y], j, 1] += part
                    for k in range(4):
                        t = col_weight[x, k]
                        row[j + k, 0] += t * bx
                        row[j + k, 1] += t * by
                        row[j + k, 2] += t * xx
                        row[j + k, 3] += t * xy
                        row[j + k, 4] += t * yy
                w = part / (np.float32(1) + error * inverse_robust)
                ty, tx = y // cell, x // cell
                tone[b, ty, tx, 0] += w * r0
                tone[b, ty, tx, 1] += w * r1
                tone[b, ty, tx, 2] += w * r2
                tone[b, ty, tx, 3] += w
                w *= frame_weight[b]
                a00, a01, a10, a11 = w * gu * gv, w * fu * gv, w * gu * fv, w * fu * fv
                splat[thread, iv, iu, 0] += a00 * r0
                splat[thread, iv, iu, 1] += a00 * r1
                splat[thread, iv, iu, 2] += a00 * r2
                splat[thread, iv, iu, 3] += a00
                splat[thread, iv, iu + 1, 0] += a01 * r0
                splat[thread, iv, iu + 1, 1] += a01 * r1
                splat[thread, iv, iu + 1, 2] += a01 * r2
                splat[thread, iv, iu + 1, 3] += a01
                splat[thread, iv + 1, iu, 0] += a10 * r0
                splat[thread, iv + 1, iu, 1] += a10 * r1
                splat[thread, iv + 1, iu, 2] += a10 * r2
                splat[thread, iv + 1, iu, 3] += a10
                splat[thread, iv + 1, iu + 1, 0] += a11 * r0
                splat[thread, iv + 1, iu + 1, 1] += a11 * r1
                splat[thread, iv + 1, iu + 1, 2] += a11 * r2
                splat[thread, iv + 1, iu + 1, 3] += a11
            for k in range(4):
                t = row_weight[y, k]
                i = row_cell[y] + k
                for j in range(columns):
                    gradient[b, i, j, 0] += t * row[j, 0]
                    gradient[b, i, j, 1] += t * row[j, 1]
                    normal[b, i, j, 0] += t * row[j, 2]
                    normal[b, i, j, 1] += t * row[j, 3]
                    normal[b, i, j, 2] += t * row[j, 4]
        loss[b, 0] = total
        loss[b, 1] = count


@numba.njit(fastmath=True, cache=True)
def _blend_light(shade, y, cell, out):  # type: ignore[no-untyped-def]
    last = shade.shape[0] - 1
    place = min(max((y + 0.5) / cell - 0.5, 0), last)
    above = int(place)
    below = min(above + 1, last)
    t = np.float32(place - above)
    for j in range(shade.shape[1]):
        for c in range(3):
            out[j, c] = shade[above, j, c] + t * (shade[below, j, c] - shade[above, j, c])
