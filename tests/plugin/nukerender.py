"""Evaluates a graph of the fake Nuke: the few nodes that *Bake to nodes* makes.

Written from Foundry's node reference. A picture is a dict of channels, each [H, W] with rows from
the **bottom**, as Nuke counts, and its format. Where two formats meet they share the lower left
corner, the result has the format of B, and what is outside a picture is black.
"""

import ast
import functools
from pathlib import Path

import numpy as np

from engine.io.picture import Picture
from engine.io.read import read_picture
from engine.io.sequence import fill_pattern, has_pattern
from engine.io.write import write_arrays

RGBA = ("rgba.red", "rgba.green", "rgba.blue", "rgba.alpha")
SETS = {
    "rgba": RGBA,
    "rgb": RGBA[:3],
    "alpha": RGBA[3:],
    "rgba.alpha": RGBA[3:],
    "rgba.red": RGBA[:1],
    "rgba.green": RGBA[1:2],
    "rgba.blue": RGBA[2:3],
    "none": (),
}


class Image:
    """Channels by name over a format."""

    def __init__(self, width, height, channels):
        self.width, self.height, self.channels = width, height, channels

    def channel(self, name):
        """A channel; black where there is none."""
        found = self.channels.get(name)
        return np.zeros((self.height, self.width), np.float64) if found is None else found

    def over_format(self, width, height):
        """The same picture in another format, the lower left corners together."""
        if (width, height) == (self.width, self.height):
            return self
        channels = {}
        for name, plane in self.channels.items():
            fresh = np.zeros((height, width), np.float64)
            h, w = min(height, self.height), min(width, self.width)
            fresh[:h, :w] = plane[:h, :w]
            channels[name] = fresh
        return Image(width, height, channels)

    def pixels(self):
        """RGBA with rows from the top."""
        return np.stack([self.channel(name) for name in RGBA], axis=2)[::-1]


def render(node, frame):
    """What a node gives at a frame."""
    return MAKERS[node.Class()](node, frame)


def execute(write, first, last):
    """``nuke.execute`` of a Write."""
    assert write["file_type"].value() == "exr" and write["raw"].value()
    names = SETS[write["channels"].value()]
    for frame in range(first, last + 1):
        image = render(write.input(0), frame)
        array = np.stack([image.channel(name) for name in names], axis=2)[::-1]
        short = [{"red": "R", "green": "G", "blue": "B", "alpha": "A"}[n[5:]] for n in names]
        write_arrays(fill_pattern(write["file"].value(), frame), array.astype(np.float32), short)


def _read(node, frame):
    file, first, last = node["file"].value(), node["first"].value(), node["last"].value()
    number = min(max(frame, first), last)  # before and after: hold
    assert node["before"].value() == node["after"].value() == "hold"
    path = fill_pattern(file, number) if has_pattern(file) else Path(file)
    picture: Picture = read_picture(path, colour_space="raw" if node["raw"].value() else None)
    assert (picture.display.x0, picture.display.y0) == (0, 0), "Nuke's formats begin at 0"
    width, height = picture.display.width, picture.display.height
    full = np.zeros((height, width, picture.pixels.shape[2]), np.float64)
    d = picture.data
    x0, y0, x1, y1 = max(d.x0, 0), max(d.y0, 0), min(d.x1, width), min(d.y1, height)
    full[y0:y1, x0:x1] = picture.pixels[y0 - d.y0 : y1 - d.y0, x0 - d.x0 : x1 - d.x0]
    return Image(width, height, {n: full[::-1, :, i] for i, n in enumerate(RGBA[: full.shape[2]])})


def _roto_paint(node, frame):
    """The artist paints: ``node.paint`` gives colour and mask, rows from the top."""
    image = render(node.input(0), frame)
    colour, mask = node.paint(image.width, image.height)
    colour, mask = colour[::-1], mask[::-1]
    channels = dict(image.channels)
    for i, name in enumerate(RGBA):
        if name in SETS[node["output"].value()]:
            painted = 1.0 if name == "rgba.alpha" else colour[..., i]
            channels[name] = image.channel(name) * (1 - mask) + painted * mask
    where = node["outputMask"].value()
    if where != "none":
        channels[where] = mask
    assert node["premultiply"].value() == "none"
    return Image(image.width, image.height, channels)


def _copy(node, frame):
    b, a = render(node.input(0), frame), render(node.input(1), frame)
    a = a.over_format(b.width, b.height)
    channels = dict(b.channels)
    channels[node["to0"].value()] = a.channel(node["from0"].value())
    return Image(b.width, b.height, channels)


def _premult(node, frame):
    image = render(node.input(0), frame)
    by = image.channel(node["alpha"].value())
    wanted = SETS[node["channels"].value()]
    return Image(
        image.width,
        image.height,
        {n: p * by if n in wanted else p for n, p in image.channels.items()},
    )


def _keys(d):
    """Keys' cubic, a = -0.5: Nuke's filter of that name."""
    d = np.abs(d)
    near = 1.5 * d**3 - 2.5 * d**2 + 1
    far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return np.where(d < 1, near, np.where(d < 2, far, 0.0))


def _linear(d):
    return np.maximum(1 - np.abs(d), 0)


def _st_map(node, frame):
    source, wanted = render(node.input(0), frame), SETS[node["channels"].value()]
    where = render(node.input(1), frame)
    assert node["uv"].value() == "rgb" and node["blur"].value() == "none"
    kernel = {"Keys": _keys, "linear": _linear}[node["filter"].value()]
    # (0, 0) is the lower left corner of the source, (1, 1) its upper right one.
    x = where.channel("rgba.red") * source.width - 0.5
    y = where.channel("rgba.green") * source.height - 0.5
    channels = {}
    for name in wanted:
        plane = source.channel(name)
        total = np.zeros_like(x)
        for j in range(-1, 3):
            for i in range(-1, 3):
                column, row = np.floor(x).astype(int) + i, np.floor(y).astype(int) + j
                weight = kernel(x - column) * kernel(y - row)
                inside = (column >= 0) & (row >= 0)
                inside &= (column < source.width) & (row < source.height)
                value = plane[
                    np.clip(row, 0, source.height - 1), np.clip(column, 0, source.width - 1)
                ]
                total += weight * np.where(inside, value, 0)
        channels[name] = total
    return Image(where.width, where.height, channels)


def _merge(node, frame):
    b, a = render(node.input(0), frame), render(node.input(1), frame)
    a = a.over_format(b.width, b.height)
    aa, ba = a.channel("rgba.alpha"), b.channel("rgba.alpha")
    assert node["mix"].value() == 1 and node["bbox"].value() == "union"
    operation = {
        "over": lambda p, q: p + q * (1 - aa),
        "plus": lambda p, q: p + q,
        "in": lambda p, q: p * ba,
        "multiply": lambda p, q: np.where((p < 0) & (q < 0), p, p * q),
    }[node["operation"].value()]
    channels = dict(b.channels)
    for name in SETS[node["output"].value()]:
        channels[name] = operation(a.channel(name), b.channel(name))
    return Image(b.width, b.height, channels)


FUNCTIONS = {"fabs": np.abs, "max": lambda *v: functools.reduce(np.maximum, v), "min": np.minimum}
COMPARISONS = {ast.Gt: np.greater, ast.Lt: np.less, ast.GtE: np.greater_equal}
SUMS = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide}


def _expression(text, names):
    """An expression of Nuke, as far as Python has the same words for it."""

    def value(tree):
        if isinstance(tree, ast.Constant):
            return float(tree.value)
        if isinstance(tree, ast.Name):
            return names[tree.id]
        if isinstance(tree, ast.BinOp):
            return SUMS[type(tree.op)](value(tree.left), value(tree.right))
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
            return -value(tree.operand)
        if isinstance(tree, ast.Compare):
            left, right = value(tree.left), value(tree.comparators[0])
            return COMPARISONS[type(tree.ops[0])](left, right).astype(np.float64)
        if isinstance(tree, ast.Call):
            return FUNCTIONS[tree.func.id](*[value(each) for each in tree.args])
        raise SyntaxError(text)

    return value(ast.parse(text, mode="eval").body)


def _merge_expression(node, frame):
    b, a = render(node.input(0), frame), render(node.input(1), frame)
    a = a.over_format(b.width, b.height)
    names = {}
    for side, image in (("A", a), ("B", b)):
        for letter, name in zip("rgba", RGBA, strict=True):
            names[side + letter] = image.channel(name)
    return _expressions(node, b, names)


def _expression_of_one(node, frame):
    image = render(node.input(0), frame)
    names = {letter: image.channel(name) for letter, name in zip("rgba", RGBA, strict=True)}
    return _expressions(node, image, names)


def _expressions(node, image, names):
    """Each of the four expressions goes into the channels that it is for."""
    channels = dict(image.channels)
    for n in range(4):
        for name in SETS[node[f"channel{n}"].value()]:
            if node[f"expr{n}"].value():
                channels[name] = _expression(node[f"expr{n}"].value(), names)
    return Image(image.width, image.height, channels)


def _grade(node, frame):
    image = render(node.input(0), frame)
    white = node["white"].value()
    rgb = SETS["rgb"]
    return Image(
        image.width,
        image.height,
        {n: p * white if n in rgb else p for n, p in image.channels.items()},
    )


MAKERS = {
    "Read": _read,
    "RotoPaint": _roto_paint,
    "Copy": _copy,
    "Premult": _premult,
    "STMap": _st_map,
    "Merge2": _merge,
    "MergeExpression": _merge_expression,
    "Expression": _expression_of_one,
    "Switch": lambda node, frame: render(node.input(node["which"].value()), frame),
    "Dot": lambda node, frame: render(node.input(0), frame),
    "NoOp": lambda node, frame: render(node.input(0), frame),
    "Grade": _grade,
}
