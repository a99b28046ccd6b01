"""Small real node classes that the tests of the graph build documents from."""

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from codef_nodes.graph.cache import Cache, DiskCache, RamCache
from codef_nodes.graph.commands import AddNode, Connect, SetKnob
from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.keys import file_identity
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import Registry
from engine.errors import InputError
from engine.flow.pair import FlowPair
from engine.io.picture import Picture

REGISTRY = Registry()
IMAGE = Port("image", "image", "The picture.")
STARTED, RELEASE = threading.Event(), threading.Event()


@REGISTRY.register
class Ramp(Node):
    """A clip whose pixels are the frame number."""

    type = "Ramp"
    help = "Makes a clip."
    category = "Test"
    disk = True
    knobs = (
        Knob("first", "int", 1, "First frame."),
        Knob("last", "int", 5, "Last frame."),
        Knob("level", "float", 0.0, "Added to every pixel.", minimum=-100, maximum=100),
        Knob("file", "file_in", "", "Its content is added too."),
        Knob("still", "bool", False, "One picture for all frames."),
    )

    def frames(self, ctx):
        if ctx.knob("still"):
            return None
        return tuple(range(ctx.knob("first"), ctx.knob("last") + 1))

    def identity(self, ctx):
        return [file_identity(ctx.path(ctx.knob("file")))] if ctx.knob("file") else []

    def compute(self, ctx):
        extra = float(ctx.path(ctx.knob("file")).read_text()) if ctx.knob("file") else 0.0
        number = 0 if ctx.knob("still") else ctx.frame
        return Picture.of(np.full((4, 6, 3), number + ctx.knob("level") + extra))


@REGISTRY.register
class Gain(Node):
    type = "Gain"
    help = "Multiplies."
    version = 3
    inputs = (IMAGE,)
    knobs = (
        Knob("gain", "float", 1.0, "Factor.", minimum=0.0, maximum=10.0),
        Knob("tint", "colour", [1.0, 1.0, 1.0], "Factor of each channel."),
        Knob("note", "text", "", "Not used."),
    )

    @staticmethod
    def _to_2(block):
        block["knobs"] = {{"factor": "gain"}.get(k, k): v for k, v in block["knobs"].items()}
        return block

    @staticmethod
    def _to_3(block):
        if "gain" in block["knobs"]:  # version 2 counted in percent
            block["knobs"]["gain"] /= 100
        return block

    upgrades: ClassVar = {1: _to_2, 2: _to_3}

    def compute(self, ctx):
        picture = ctx.input("image")
        return picture.with_pixels(picture.pixels * np.float32(ctx.knob("gain")))


@REGISTRY.register
class Sum(Node):
    type = "Sum"
    help = "Adds pictures."
    inputs = (Port("images", "image", "The pictures.", optional=True, variadic=True),)

    def compute(self, ctx):
        return Picture.of(sum(p.pixels for p in ctx.inputs("images")))


@REGISTRY.register
class Choose(Node):
    type = "Choose"
    help = "Passes one of two pictures."
    inputs = (
        Port("a", "image", "First.", optional=True),
        Port("b", "image", "Second.", optional=True),
    )
    knobs = (Knob("which", "choice", "a", "Which one.", choices=("a", "b")),)

    def reads(self, ctx, port):
        return super().reads(ctx, port) if port == ctx.knob("which") else ()

    def compute(self, ctx):
        return ctx.input(ctx.knob("which"))


@REGISTRY.register
class Motion(Node):
    type = "Motion"
    help = "Differences to the neighbours."
    inputs = (IMAGE,)
    output = "flow"
    disk = True
    knobs = (Knob("scale", "float", 1.0, "Factor."),)

    def reads(self, ctx, port):
        offered = ctx.input_frames(port)
        return [f for f in (ctx.frame - 1, ctx.frame, ctx.frame + 1) if f in offered]

    def compute(self, ctx):
        here = ctx.input("image").pixels[..., :2]
        after = None
        if ctx.frame + 1 in ctx.input_frames("image"):
            after = (ctx.input("image", ctx.frame + 1).pixels[..., :2] - here) * ctx.knob("scale")
        return FlowPair(ctx.frame, after, None, None, None)


@REGISTRY.register
class MeanFit(Node):
    """A fit: the mean of all frames."""

    type = "MeanFit"
    help = "Fits."
    inputs = (IMAGE, Port("flow", "flow", "Motion.", optional=True))
    output = "field"
    per_frame = False
    asset = True
    knobs = (Knob("fail", "bool", False, "Fails."),)

    def compute(self, ctx):
        if ctx.knob("fail"):
            raise InputError("the fit did not work")
        pictures = [ctx.input("image", f).pixels for f in ctx.input_frames("image")]
        if ctx.has("flow"):
            [ctx.input("flow", f) for f in ctx.input_frames("flow")]
        ctx.task.report(0.5, "fit", step=1)
        ctx.task.check()
        return np.mean(pictures, axis=0)

    def save_asset(self, value, folder):
        folder.mkdir()
        np.save(folder / "layer_0.npy", value)
        (folder / "field.json").write_text(json.dumps({"schema": 1, "mean": float(value.mean())}))

    def load_asset(self, folder):
        return np.load(folder / "layer_0.npy")


@REGISTRY.register
class Still(Node):
    type = "Still"
    help = "The picture of a fit."
    inputs = (Port("field", "field", "The fit."),)
    per_frame = False

    def frames(self, ctx):
        return None

    def compute(self, ctx):
        return Picture.of(ctx.input("field"))


@REGISTRY.register
class Back(Node):
    type = "Back"
    help = "Brings a still back into the frames."
    inputs = (
        Port("field", "field", "The fit."),
        Port("still", "image", "The edited still."),
    )

    def frames(self, ctx):
        return ctx.input_frames("field")

    def compute(self, ctx):
        return Picture.of(ctx.input("field") + ctx.input("still").pixels + ctx.frame)

    def main_input(self):
        return None


@REGISTRY.register
class Strokes(Node):
    type = "Strokes"
    help = "Adds the values of strokes."
    inputs = (IMAGE,)
    knobs = (Knob("strokes", "strokes", [], "The strokes."),)

    def static(self, ctx):
        return super().static(ctx) and not any("frame" in s for s in ctx.knob("strokes"))

    def compute(self, ctx):
        picture = ctx.input("image")
        level = sum(
            s["value"] for s in ctx.knob("strokes") if "frame" not in s or s["frame"] == ctx.frame
        )
        return replace(picture, pixels=picture.pixels + np.float32(level))


@REGISTRY.register
class Write(Node):
    type = "Write"
    help = "Writes text files."
    inputs = (IMAGE,)
    writes = True
    knobs = (Knob("folder", "file_out", "out", "Where."),)

    def compute(self, ctx):
        return ctx.input("image")

    def render(self, ctx):
        folder = ctx.path(ctx.knob("folder"))
        folder.mkdir(exist_ok=True)
        written = []
        for done, frame in enumerate(ctx.render_frames):
            ctx.task.report(done / len(ctx.render_frames), "write")
            path = folder / f"{frame}.txt"
            path.write_text(str(float(ctx.input("image", frame).pixels.mean())))
            written.append(str(path))
        return {"written": written, "frames": list(ctx.render_frames), "failed": []}


@REGISTRY.register
class Slow(Node):
    type = "Slow"
    help = "Works until it is released or cancelled."
    inputs = (Port("image", "image", "The picture.", optional=True),)

    def frames(self, ctx):
        return (1,)

    def compute(self, ctx):
        STARTED.set()
        while not RELEASE.is_set():
            ctx.task.check()
            time.sleep(0.005)
        return Picture.of(np.ones((2, 2, 3)))


@REGISTRY.register
class Broken(Node):
    type = "Broken"
    help = "Fails in a way nobody thought of."
    inputs = (IMAGE,)

    def compute(self, ctx):
        return {}["nothing"]


def build(*nodes, registry=REGISTRY):
    """A document of (type, name, knobs, {port: source})."""
    document = Document(registry)
    for type_name, name, knobs, wires in nodes:
        AddNode(type_name, name, knobs=knobs).run(document)
        for port, sources in wires.items():
            for source in [sources] if isinstance(sources, str) else sources:
                Connect(source, name, port).run(document)
    return document


def evaluator(document, folder=".", *, cache=None, **options):
    """An evaluator with a memory cache only, unless told."""
    cache = cache or Cache(RamCache(64 << 20))
    return Evaluator(document, cache, folder=folder, stem="shot", **options)


def disk_cache(folder: Path, ram: int = 64 << 20, budget: int = 1 << 30) -> Cache:
    """A cache with both levels."""
    return Cache(RamCache(ram), DiskCache(folder, budget))


def set_knob(document, node, knob, value):
    """Sets a knob."""
    SetKnob(node, knob, value).run(document)


def fit_graph():
    """Clip, motion, fit, still, gain on the still, back into the frames, write."""
    return build(
        ("Ramp", "Clip", {}, {}),
        ("Motion", "Flow", {}, {"image": "Clip"}),
        ("MeanFit", "Fit", {}, {"image": "Clip", "flow": "Flow"}),
        ("Still", "View", {}, {"field": "Fit"}),
        ("Gain", "Grade", {"gain": 2.0}, {"image": "View"}),
        ("Back", "Result", {}, {"field": "Fit", "still": "Grade"}),
        ("Write", "Out", {}, {"image": "Result"}),
    )
