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

#: Unsigned numbers index without a test for negative ones.
ONE, TWO, THREE = np.uintp(1), np.uintp(2), np.uintp(3)


@numba.njit(parallel=True, fastmath=True, cache=True)
def register_pass(  # type: ignore[no-untyped-def]
    codes,
    scale,
    offset,
    weights,
    firm,
    say,
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
        say: float32 [B, sy, sx]: weight for the canonical picture, by cells as ``shade``.
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
        tone[b] = 0
        misfit[b] = 0
        # Planes, so that the sums of a row go to the lattice eight at a time.
        sums = np.zeros((5, lattices.shape[1], columns), np.float32)
        row = np.empty((5, columns), np.float32)
        row0, row1, row2, row3, row4 = row[0], row[1], row[2], row[3], row[4]
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
            m00, m10, m20 = matrix[0, 0], matrix[1, 0], matrix[2, 0]
            n0 = matrix[0, 1] * py + matrix[0, 2]
            n1 = matrix[1, 1] * py + matrix[1, 2]
            n2 = matrix[2, 1] * py + matrix[2, 2]
            shares, firms, code = weights[b, y], firm[b, y], codes[b, y]
            fits, tones = misfit[b, row_cell[y]], tone[b, y // cell]
            said = say[b, y // cell]
            for x in range(first, width):
                share = shares[x]
                if share == 0:
                    continue
                j = np.uintp(col_cell[x])
                j1, j2, j3 = j + ONE, j + TWO, j + THREE
                w0, w1, w2, w3 = (
                    col_weight[x, 0],
                    col_weight[x, 1],
                    col_weight[x, 2],
                    col_weight[x, 3],
                )
                dx = (
                    w0 * blended[j, 0]
                    + w1 * blended[j1, 0]
                    + w2 * blended[j2, 0]
                    + w3 * blended[j3, 0]
                )
                dy = (
                    w0 * blended[j, 1]
                    + w1 * blended[j1, 1]
                    + w2 * blended[j2, 1]
                    + w3 * blended[j3, 1]
                )
                px = x + 0.5
                d = 1.0 / (m20 * px + n2)
                u = np.float32((m00 * px + n0) * d + dx - cx - 0.5)
                v = np.float32((m10 * px + n1) * d + dy - cy - 0.5)
                if not (u >= 0 and v >= 0 and u < cw - 1 and v < ch - 1):
                    continue
                iu, iv = np.uintp(u), np.uintp(v)
                iu1 = iu + ONE
                fu, fv = u - np.float32(iu), v - np.float32(iv)
                upper, lower = canonical[iv], canonical[iv + ONE]
                gu, gv = np.float32(1) - fu, np.float32(1) - fv
                place = min(max((x + np.float32(0.5)) / cell - np.float32(0.5), 0), last)
                left = np.uintp(place)
                right = min(left + ONE, np.uintp(last))
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
                    c00 = upper[iu, c]
                    c01 = upper[iu1, c]
                    c10 = lower[iu, c]
                    c11 = lower[iu1, c]
                    over = c00 * gu + c01 * fu
                    under = c10 * gu + c11 * fu
                    r = code[x, c] * scale + offset - (over * gv + under * fv)
                    sx = gv * (c01 - c00) + fv * (c11 - c10)
                    sy = under - over
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
                if firms[x] > 0:
                    fits[j, 0] += part * error_seen
                    fits[j, 1] += part
                    row0[j] += w0 * bx
                    row0[j1] += w1 * bx
                    row0[j2] += w2 * bx
                    row0[j3] += w3 * bx
                    row1[j] += w0 * by
                    row1[j1] += w1 * by
                    row1[j2] += w2 * by
                    row1[j3] += w3 * by
                    row2[j] += w0 * xx
                    row2[j1] += w1 * xx
                    row2[j2] += w2 * xx
                    row2[j3] += w3 * xx
                    row3[j] += w0 * xy
                    row3[j1] += w1 * xy
                    row3[j2] += w2 * xy
                    row3[j3] += w3 * xy
                    row4[j] += w0 * yy
                    row4[j1] += w1 * yy
                    row4[j2] += w2 * yy
                    row4[j3] += w3 * yy
                w = part / (np.float32(1) + error * inverse_robust)
                tx = np.uintp(x // cell)
                tones[tx, 0] += w * r0
                tones[tx, 1] += w * r1
                tones[tx, 2] += w * r2
                tones[tx, 3] += w
                w *= said[tx]
                top, bottom = splat[thread, iv], splat[thread, iv + ONE]
                a00, a01, a10, a11 = w * gu * gv, w * fu * gv, w * gu * fv, w * fu * fv
                top[iu, 0] += a00 * r0
                top[iu, 1] += a00 * r1
                top[iu, 2] += a00 * r2
                top[iu, 3] += a00
                top[iu1, 0] += a01 * r0
                top[iu1, 1] += a01 * r1
                top[iu1, 2] += a01 * r2
                top[iu1, 3] += a01
                bottom[iu, 0] += a10 * r0
                bottom[iu, 1] += a10 * r1
                bottom[iu, 2] += a10 * r2
                bottom[iu, 3] += a10
                bottom[iu1, 0] += a11 * r0
                bottom[iu1, 1] += a11 * r1
                bottom[iu1, 2] += a11 * r2
                bottom[iu1, 3] += a11
            for k in range(4):
                t = row_weight[y, k]
                for m in range(5):
                    given, there = row[m], sums[m, row_cell[y] + k]
                    for q in range(columns):
                        there[q] += t * given[q]
        for i in range(lattices.shape[1]):
            for q in range(columns):
                for m in range(2):
                    gradient[b, i, q, m] = sums[m, i, q]
                for m in range(3):
                    normal[b, i, q, m] = sums[m + 2, i, q]
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
