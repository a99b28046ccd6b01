"""Triton kernels of the step of many lattices; see ``engine.kernels.solve``.

Two launches make a round of conjugate gradients for all frames at once. What a round hands to the
next, the products of residuals and of directions, stays on the card, so nobody waits for it. All
points are pairs [B, gy, gx, 2]; a direction is worked out where it is read, from the residual and
the direction before, which saves a launch.
"""

import triton
import triton.language as tl

#: Residual below which a frame is solved.
SOLVED = tl.constexpr(1e-12)


@triton.jit
def _at(fresh, old, beta, n, keep, c: tl.constexpr, FIRST: tl.constexpr):
    """A component of the direction at points."""
    value = tl.load(fresh + n * 2 + c, mask=keep, other=0.0)
    if not FIRST:
        value += beta * tl.load(old + n * 2 + c, mask=keep, other=0.0)
    return value


@triton.jit
def _bend(
    fresh, old, beta, stiff, n, i, j, rows, columns, keep, c: tl.constexpr, FIRST: tl.constexpr
):
    """A component of ``D^T S D p``: second differences along x, along y, and twice the mixed."""
    l1, l2 = keep & (j > 0), keep & (j > 1)
    r1, r2 = keep & (j < columns - 1), keep & (j < columns - 2)
    a1, a2 = keep & (i > 0), keep & (i > 1)
    b1, b2 = keep & (i < rows - 1), keep & (i < rows - 2)
    p = _at(fresh, old, beta, n, keep, c, FIRST)
    w1, w2 = _at(fresh, old, beta, n - 1, l1, c, FIRST), _at(fresh, old, beta, n - 2, l2, c, FIRST)
    e1, e2 = _at(fresh, old, beta, n + 1, r1, c, FIRST), _at(fresh, old, beta, n + 2, r2, c, FIRST)
    n1 = _at(fresh, old, beta, n - columns, a1, c, FIRST)
    n2 = _at(fresh, old, beta, n - 2 * columns, a2, c, FIRST)
    s1 = _at(fresh, old, beta, n + columns, b1, c, FIRST)
    s2 = _at(fresh, old, beta, n + 2 * columns, b2, c, FIRST)
    nw = _at(fresh, old, beta, n - columns - 1, a1 & l1, c, FIRST)
    ne = _at(fresh, old, beta, n - columns + 1, a1 & r1, c, FIRST)
    sw = _at(fresh, old, beta, n + columns - 1, b1 & l1, c, FIRST)
    se = _at(fresh, old, beta, n + columns + 1, b1 & r1, c, FIRST)
    here = tl.load(stiff + n, mask=keep, other=0.0)
    west, east = (
        tl.load(stiff + n - 1, mask=l1, other=0.0),
        tl.load(stiff + n + 1, mask=r1, other=0.0),
    )
    north = tl.load(stiff + n - columns, mask=a1, other=0.0)
    south = tl.load(stiff + n + columns, mask=b1, other=0.0)
    corner = tl.load(stiff + n - columns - 1, mask=a1 & l1, other=0.0)
    total = tl.where(l2, west * (w2 - 2 * w1 + p), 0.0)
    total -= 2 * tl.where(l1 & r1, here * (w1 - 2 * p + e1), 0.0)
    total += tl.where(r2, east * (p - 2 * e1 + e2), 0.0)
    total += tl.where(a2, north * (n2 - 2 * n1 + p), 0.0)
    total -= 2 * tl.where(a1 & b1, here * (n1 - 2 * p + s1), 0.0)
    total += tl.where(b2, south * (p - 2 * s1 + s2), 0.0)
    total += 2 * tl.where(b1 & r1, here * (p - s1 - e1 + se), 0.0)
    total -= 2 * tl.where(a1 & r1, north * (n1 - p - ne + e1), 0.0)
    total -= 2 * tl.where(b1 & l1, west * (w1 - sw - p + s1), 0.0)
    total += 2 * tl.where(a1 & l1, corner * (nw - w1 - n1 + p), 0.0)
    return total


@triton.jit
def _preconditioned(n00, n01, n11, stiff, x, y):
    """A residual through the inverse of its block; 16 is about the diagonal of the bending."""
    c00, c11 = n00 + 16 * stiff + 1e-9, n11 + 16 * stiff + 1e-9
    scale = 1 / (c00 * c11 - n01 * n01)
    return scale * (c11 * x - n01 * y), scale * (c00 * y - n01 * x)


@triton.jit
def _points(rows, columns, BLOCK: tl.constexpr):
    """Points of a program: place in the frame, row, column, whether there is one, frame's first."""
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    frame = tl.program_id(1).to(tl.int64)
    return n, n // columns, n % columns, n < rows * columns, frame * rows * columns


@triton.jit
def solve_begin(
    lattices,
    home,
    gradient,
    normal,
    stiffness,
    pull,
    bond,
    matrix,
    r,
    z,
    energy,
    rows,
    columns,
    hold,
    flat,
    damping,
    BLOCK: tl.constexpr,
):
    """The residual at a step of 0, through the blocks; and the blocks, float32 [B, gy, gx, 3]."""
    n, i, j, keep, first = _points(rows, columns, BLOCK)
    at = first + n
    a = tl.load(normal + at * 3, mask=keep, other=0.0)
    o = tl.load(normal + at * 3 + 1, mask=keep, other=0.0)
    d = tl.load(normal + at * 3 + 2, mask=keep, other=0.0)
    trace = a + d
    largest = 0.5 * (trace + tl.sqrt((a - d) * (a - d) + 4 * o * o))
    scale = hold / (trace + flat)
    h00, h01, h11 = scale * (largest - a + flat), -scale * o, scale * (largest - d + flat)
    tie = tl.load(bond + at, mask=keep, other=0.0)
    stiff = tl.load(stiffness + at, mask=keep, other=0.0)
    points = lattices + first * 2
    x = tl.load(points + n * 2, mask=keep, other=0.0) - tl.load(home + at * 2, mask=keep, other=0.0)
    y = tl.load(points + n * 2 + 1, mask=keep, other=0.0)
    y -= tl.load(home + at * 2 + 1, mask=keep, other=0.0)
    bent_x = _bend(points, points, 0.0, stiffness + first, n, i, j, rows, columns, keep, 0, True)
    bent_y = _bend(points, points, 0.0, stiffness + first, n, i, j, rows, columns, keep, 1, True)
    rx = tl.load(gradient + at * 2, mask=keep, other=0.0) - bent_x - h00 * x - h01 * y
    ry = tl.load(gradient + at * 2 + 1, mask=keep, other=0.0) - bent_y - h01 * x - h11 * y
    rx += tie * tl.load(pull + at * 2, mask=keep, other=0.0)
    ry += tie * tl.load(pull + at * 2 + 1, mask=keep, other=0.0)
    n00, n01, n11 = a + h00 + tie + damping, o + h01, d + h11 + tie + damping
    zx, zy = _preconditioned(n00, n01, n11, stiff, rx, ry)
    tl.store(matrix + at * 3, n00, mask=keep)
    tl.store(matrix + at * 3 + 1, n01, mask=keep)
    tl.store(matrix + at * 3 + 2, n11, mask=keep)
    tl.store(r + at * 2, rx, mask=keep)
    tl.store(r + at * 2 + 1, ry, mask=keep)
    tl.store(z + at * 2, zx, mask=keep)
    tl.store(z + at * 2 + 1, zy, mask=keep)
    product = tl.sum(tl.where(keep, rx * zx + ry * zy, 0.0))
    tl.atomic_add(energy + tl.program_id(1), product, sem="relaxed")


@triton.jit
def solve_direction(
    stiffness,
    matrix,
    z,
    old,
    new,
    q,
    energy,
    before,
    work,
    rows,
    columns,
    BLOCK: tl.constexpr,
    FIRST: tl.constexpr,
):
    """The next direction p, what the system makes of it, and the product of both."""
    n, i, j, keep, first = _points(rows, columns, BLOCK)
    at = first + n
    beta = 0.0
    if not FIRST:
        last = tl.load(before + tl.program_id(1))
        fresh = tl.load(energy + tl.program_id(1))
        beta = tl.where(last < SOLVED, 0.0, fresh / tl.where(last < SOLVED, 1.0, last))
    fresh_z, old_p, stiff = z + first * 2, old + first * 2, stiffness + first
    px = _at(fresh_z, old_p, beta, n, keep, 0, FIRST)
    py = _at(fresh_z, old_p, beta, n, keep, 1, FIRST)
    n00 = tl.load(matrix + at * 3, mask=keep, other=0.0)
    n01 = tl.load(matrix + at * 3 + 1, mask=keep, other=0.0)
    n11 = tl.load(matrix + at * 3 + 2, mask=keep, other=0.0)
    qx = _bend(fresh_z, old_p, beta, stiff, n, i, j, rows, columns, keep, 0, FIRST)
    qy = _bend(fresh_z, old_p, beta, stiff, n, i, j, rows, columns, keep, 1, FIRST)
    qx += n00 * px + n01 * py
    qy += n01 * px + n11 * py
    tl.store(new + at * 2, px, mask=keep)
    tl.store(new + at * 2 + 1, py, mask=keep)
    tl.store(q + at * 2, qx, mask=keep)
    tl.store(q + at * 2 + 1, qy, mask=keep)
    product = tl.sum(tl.where(keep, px * qx + py * qy, 0.0))
    tl.atomic_add(work + tl.program_id(1), product, sem="relaxed")


@triton.jit
def solve_advance(
    stiffness,
    matrix,
    p,
    q,
    r,
    z,
    step,
    energy,
    work,
    after,
    rows,
    columns,
    BLOCK: tl.constexpr,
):
    """Goes along the direction as far as it pays; the residual that is left, and its product."""
    n, _, _, keep, first = _points(rows, columns, BLOCK)
    at = first + n
    now, cost = tl.load(energy + tl.program_id(1)), tl.load(work + tl.program_id(1))
    alpha = tl.where(now < SOLVED, 0.0, now / tl.where(now < SOLVED, 1.0, cost))
    rx = tl.load(r + at * 2, mask=keep, other=0.0)
    ry = tl.load(r + at * 2 + 1, mask=keep, other=0.0)
    rx -= alpha * tl.load(q + at * 2, mask=keep, other=0.0)
    ry -= alpha * tl.load(q + at * 2 + 1, mask=keep, other=0.0)
    sx = tl.load(step + at * 2, mask=keep, other=0.0)
    sy = tl.load(step + at * 2 + 1, mask=keep, other=0.0)
    sx += alpha * tl.load(p + at * 2, mask=keep, other=0.0)
    sy += alpha * tl.load(p + at * 2 + 1, mask=keep, other=0.0)
    n00 = tl.load(matrix + at * 3, mask=keep, other=1.0)
    n01 = tl.load(matrix + at * 3 + 1, mask=keep, other=0.0)
    n11 = tl.load(matrix + at * 3 + 2, mask=keep, other=1.0)
    stiff = tl.load(stiffness + at, mask=keep, other=0.0)
    zx, zy = _preconditioned(n00, n01, n11, stiff, rx, ry)
    for_x, for_y = at * 2, at * 2 + 1
    tl.store(r + for_x, rx, mask=keep)
    tl.store(r + for_y, ry, mask=keep)
    tl.store(z + for_x, zx, mask=keep)
    tl.store(z + for_y, zy, mask=keep)
    tl.store(step + for_x, sx, mask=keep)
    tl.store(step + for_y, sy, mask=keep)
    product = tl.sum(tl.where(keep, rx * zx + ry * zy, 0.0))
    tl.atomic_add(after + tl.program_id(1), product, sem="relaxed")


@triton.jit
def solve_end(lattices, step, points, limit, BLOCK: tl.constexpr):
    """Moves the lattices, no point farther than ``limit``."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    keep = at < points
    x = tl.load(step + at * 2, mask=keep, other=0.0)
    y = tl.load(step + at * 2 + 1, mask=keep, other=0.0)
    length = tl.sqrt(x * x + y * y)
    share = tl.where(length <= limit, 1.0, limit / tl.where(length <= limit, 1.0, length))
    tl.store(lattices + at * 2, tl.load(lattices + at * 2, mask=keep) + share * x, mask=keep)
    y = tl.load(lattices + at * 2 + 1, mask=keep) + share * y
    tl.store(lattices + at * 2 + 1, y, mask=keep)
