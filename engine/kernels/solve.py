"""A compiled Gauss-Newton step of many lattices: conjugate gradients on planes of points."""

import numba
import numpy as np

from engine.kernels import threads

threads.prepare()


@numba.njit(parallel=True, fastmath=True, cache=True)
def solve_lattices(  # type: ignore[no-untyped-def]
    lattices, home, gradient, normal, stiffness, pull, bond, hold, flat, damping, rounds, limit
):
    """A damped Gauss-Newton step of each lattice, in place.

    Minimises, per frame, ``|step|^2 in the lumped normal matrix - 2 gradient . step
    + stiffness |D (lattice + step)|^2 + bond |step - pull|^2 + |lattice + step - home|^2 in H
    + damping |step|^2`` by conjugate gradients preconditioned with the 2 x 2 blocks; D takes second
    differences along both axes and across (bending energy). H holds a control point only in the
    direction that its pixels say nothing about (the aperture problem): with the normal matrix N,
    its larger eigenvalue l and its trace, ``H = hold (l I - N + flat I) / (trace + flat)``: zero
    where texture is even in all directions, ``hold`` across an edge's own direction, and in flat
    places.

    Args:
        lattices: float32 [B, gy, gx, 2], changed in place.
        home: float32 [B, gy, gx, 2]: where the lattices stay when nothing pulls.
        gradient: float32 [B, gy, gx, 2].
        normal: float32 [B, gy, gx, 3].
        stiffness: float32 [B, gy, gx]: weight of the bending energy at each control point.
        pull: float32 [B, gy, gx, 2]: step that the neighbouring frames ask for.
        bond: float32 [B, gy, gx]: weight of ``pull``.
        hold: Weight of the distance from ``home``, see above.
        flat: Normal matrix below which a place counts as flat.
        damping: Weight of the step itself.
        rounds: Rounds of conjugate gradients.
        limit: Longest step of a control point in pixels.
    """
    batch, rows, columns = lattices.shape[0], lattices.shape[1], lattices.shape[2]
    for b in numba.prange(batch):
        # Planes [component, row, column]: neighbours lie side by side, so that loops vectorise.
        n = np.empty((3, rows, columns), np.float32)
        block = np.empty((3, rows, columns), np.float32)
        r = np.empty((2, rows, columns), np.float32)
        p = np.empty((2, rows, columns), np.float32)
        q = np.empty((2, rows, columns), np.float32)
        z = np.empty((2, rows, columns), np.float32)
        step = np.zeros((2, rows, columns), np.float32)
        work = np.zeros((3, rows + 2, columns + 2), np.float32)
        stiff = stiffness[b]
        for i in range(rows):
            for j in range(columns):
                p[0, i, j] = lattices[b, i, j, 0]
                p[1, i, j] = lattices[b, i, j, 1]
        _bend(p, stiff, work, q)
        for i in range(rows):
            for j in range(columns):
                a, o, d = normal[b, i, j, 0], normal[b, i, j, 1], normal[b, i, j, 2]
                # H of the docstring, and its pull back home.
                trace = a + d
                largest = np.float32(0.5) * (trace + np.sqrt((a - d) * (a - d) + 4 * o * o))
                scale = hold / (trace + flat)
                h00, h01 = scale * (largest - a + flat), -scale * o
                h11 = scale * (largest - d + flat)
                x = lattices[b, i, j, 0] - home[b, i, j, 0]
                y = lattices[b, i, j, 1] - home[b, i, j, 1]
                tie = bond[b, i, j]
                r[0, i, j] = gradient[b, i, j, 0] - q[0, i, j] - h00 * x - h01 * y
                r[1, i, j] = gradient[b, i, j, 1] - q[1, i, j] - h01 * x - h11 * y
                r[0, i, j] += tie * pull[b, i, j, 0]
                r[1, i, j] += tie * pull[b, i, j, 1]
                n[0, i, j] = a + h00 + tie + damping
                n[1, i, j] = o + h01
                n[2, i, j] = d + h11 + tie + damping
                # The inverse of a block; 16 is about the diagonal of the bending energy.
                c00 = n[0, i, j] + np.float32(16) * stiff[i, j] + np.float32(1e-9)
                c11 = n[2, i, j] + np.float32(16) * stiff[i, j] + np.float32(1e-9)
                scale = np.float32(1) / (c00 * c11 - n[1, i, j] * n[1, i, j])
                block[0, i, j] = c11 * scale
                block[1, i, j] = -n[1, i, j] * scale
                block[2, i, j] = c00 * scale
        rz = _times(block, r, z)
        p[:] = z
        for _ in range(rounds):
            if rz < 1e-12:
                break
            _bend(p, stiff, work, q)
            alpha = np.float32(rz / _add_times(n, p, q))
            _add(alpha, p, step)
            _add(-alpha, q, r)
            fresh = _times(block, r, z)
            beta = np.float32(fresh / rz)
            for c in range(2):
                for i in range(rows):
                    from_z, to_p = z[c, i], p[c, i]
                    for j in range(columns):
                        to_p[j] = from_z[j] + beta * to_p[j]
            rz = fresh
        for i in range(rows):
            for j in range(columns):
                length = np.sqrt(step[0, i, j] ** 2 + step[1, i, j] ** 2)
                shrink = np.float32(1) if length <= limit else np.float32(limit / length)
                lattices[b, i, j, 0] += shrink * step[0, i, j]
                lattices[b, i, j, 1] += shrink * step[1, i, j]


@numba.njit(parallel=True, fastmath=True, cache=True)
def coast(lattices, before, normal, flat, glide, step):  # type: ignore[no-untyped-def]
    """Goes on by a share of the last step (heavy ball) where a picture checks it, in place.

    Args:
        lattices: In and out, float32 [B, gy, gx, 2], after the step of ``solve_lattices``.
        before: float32 [B, gy, gx, 2], before it.
        normal: float32 [B, gy, gx, 3], see ``solve_lattices``.
        flat: float32: trace of the normal matrix below which nothing checks a control point.
        glide: float32: the share.
        step: In and out, float32 [B, gy, gx, 2]: the last step, and this one.
    """
    batch, rows, columns = lattices.shape[:3]
    for b in numba.prange(batch):
        for i in range(rows):
            for j in range(columns):
                checked = normal[b, i, j, 0] + normal[b, i, j, 2] >= flat
                share = glide if checked else np.float32(0)
                for c in range(2):
                    lattices[b, i, j, c] += share * step[b, i, j, c]
                    step[b, i, j, c] = lattices[b, i, j, c] - before[b, i, j, c]


@numba.njit(fastmath=True, cache=True)
def _times(blocks, x, out):  # type: ignore[no-untyped-def]
    """``out = B x`` for symmetric 2 x 2 blocks [3, gy, gx]; returns ``x . out``."""
    total = np.float64(0)
    for i in range(x.shape[1]):
        a, o, d = blocks[0, i], blocks[1, i], blocks[2, i]
        u, v, s, t = x[0, i], x[1, i], out[0, i], out[1, i]
        row = np.float32(0)
        for j in range(x.shape[2]):
            s[j] = a[j] * u[j] + o[j] * v[j]
            t[j] = o[j] * u[j] + d[j] * v[j]
            row += u[j] * s[j] + v[j] * t[j]
        total += row
    return total


@numba.njit(fastmath=True, cache=True)
def _add_times(blocks, x, out):  # type: ignore[no-untyped-def]
    """``out += B x`` for symmetric 2 x 2 blocks [3, gy, gx]; returns ``x . out``."""
    total = np.float64(0)
    for i in range(x.shape[1]):
        a, o, d = blocks[0, i], blocks[1, i], blocks[2, i]
        u, v, s, t = x[0, i], x[1, i], out[0, i], out[1, i]
        row = np.float32(0)
        for j in range(x.shape[2]):
            s[j] += a[j] * u[j] + o[j] * v[j]
            t[j] += o[j] * u[j] + d[j] * v[j]
            row += u[j] * s[j] + v[j] * t[j]
        total += row
    return total


@numba.njit(fastmath=True, cache=True)
def _add(factor, x, out):  # type: ignore[no-untyped-def]
    for c in range(2):
        for i in range(x.shape[1]):
            given, there = x[c, i], out[c, i]
            for j in range(x.shape[2]):
                there[j] += factor * given[j]


@numba.njit(fastmath=True, cache=True)
def _bend(p, stiffness, work, out):  # type: ignore[no-untyped-def]
    """``out = D^T S D p``: second differences along x, along y, and twice the mixed one.

    Args:
        p: [2, gy, gx].
        stiffness: S, [gy, gx].
        work: [3, gy + 2, gx + 2], zero on its border: S D p, one plane a kind of difference.
        out: [2, gy, gx].
    """
    rows, columns = p.shape[1], p.shape[2]
    two = np.float32(2)
    for c in range(2):
        for i in range(rows):
            s, here = stiffness[i], p[c, i]
            along = work[0, i + 1]
            left, right = here[: columns - 2], here[2:]
            middle, weight, target = here[1:-1], s[1:-1], along[2:-2]
            for j in range(columns - 2):
                target[j] = weight[j] * (left[j] - two * middle[j] + right[j])
            if 0 < i < rows - 1:
                above, below, target = p[c, i - 1], p[c, i + 1], work[1, i + 1, 1:-1]
                for j in range(columns):
                    target[j] = s[j] * (above[j] - two * here[j] + below[j])
            if i < rows - 1:
                below, target = p[c, i + 1], work[2, i + 1, 1:-1]
                ahead, under = here[1:], below[1:]
                for j in range(columns - 1):
                    target[j] = two * s[j] * (here[j] - below[j] - ahead[j] + under[j])
        for i in range(rows):
            x0, x1, x2 = work[0, i + 1, :-2], work[0, i + 1, 1:-1], work[0, i + 1, 2:]
            y0, y1, y2 = work[1, i, 1:-1], work[1, i + 1, 1:-1], work[1, i + 2, 1:-1]
            here, above = work[2, i + 1, 1:-1], work[2, i, 1:-1]
            left, corner = work[2, i + 1, :-2], work[2, i, :-2]
            target = out[c, i]
            for j in range(columns):
                bent = x0[j] - two * x1[j] + x2[j] + y0[j] - two * y1[j] + y2[j]
                target[j] = bent + here[j] - above[j] - left[j] + corner[j]
