"""OpticalFlow: how every pixel moves to the next and the previous frame."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.work.identity import file_identity
from engine.errors import UsageError
from engine.io.picture import Picture


def neighbours(frames: Sequence[int], frame: int) -> tuple[int | None, int | None]:
    """The frames before and after one, None at the ends."""
    place = list(frames).index(frame)
    before = frames[place - 1] if place > 0 else None
    return before, frames[place + 1] if place + 1 < len(frames) else None


@register
class OpticalFlow(Node):
    """Forward and backward flow with confidence."""

    type: ClassVar[str] = "OpticalFlow"
    title: ClassVar[str] = "Optical flow"
    category: ClassVar[str] = "Time"
    aliases: ClassVar[tuple[str, ...]] = ("Flow", "Motion vectors", "VectorGenerator")
    help: ClassVar[str] = (
        "Finds how every pixel moves to the next and the previous frame, and how far that can be "
        "trusted; a fit starts from it."
    )
    inputs: ClassVar[tuple[Port, ...]] = (Port("image", "image", "The clip."),)
    output: ClassVar[str | None] = "flow"
    disk: ClassVar[bool] = True
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "method",
            "choice",
            "dis",
            "How to find the motion: dis is quick and always there; gmflow is a neural network "
            "that finds large motion where dis loses it, takes 2 to 5 seconds per frame without "
            "a graphics card and needs weights that `codef models get gmflow` fetches once "
            "(103 MB); raft is another, for machines that have torchvision and its weights; file "
            "reads what another program computed.",
            choices=("dis", "gmflow", "raft", "file"),
        ),
        Knob(
            "preset",
            "choice",
            "medium",
            "How carefully dis matches: fine follows thin things and takes about four times as "
            "long.",
            choices=("ultrafast", "fast", "medium", "fine"),
        ),
        Knob(
            "forward",
            "file_in",
            "",
            "Folder or pattern of flow files to the next frame (.flo, .npy, .exr); for method "
            "file.",
            page="Files",
        ),
        Knob(
            "backward",
            "file_in",
            "",
            "The same to the previous frame; when empty it is made from the forward flow.",
            page="Files",
        ),
        Knob(
            "confidence",
            "file_in",
            "",
            "Folder or pattern of .npy files, 1 where the forward flow is good; when empty the "
            "way there and back decides.",
            page="Files",
        ),
        Knob(
            "numbering",
            "choice",
            "auto",
            "Whether the files carry frame numbers or count from 0; auto tries both.",
            choices=("auto", "frame", "index"),
            page="Files",
        ),
        Knob(
            "y_up",
            "bool",
            True,
            "Vectors in EXR files count y upwards, as those of Nuke do; off for y downwards.",
            page="Files",
        ),
    )

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """The frame and its neighbours."""
        if ctx.frame_or_none is None or ctx.input_frames(port) is None:
            return (None,)
        before, after = neighbours(ctx.input_frames(port) or (), ctx.frame)
        return [frame for frame in (before, ctx.frame, after) if frame is not None]

    def identity(self, ctx: Context) -> list[JSON]:
        """The flow files of the frame, or the weights of a learned method."""
        if ctx.knob("method") in ("gmflow", "raft"):
            from codef_nodes.work.matchers import weights_identity

            return [weights_identity(ctx.knob("method"))]
        if ctx.knob("method") != "file" or ctx.frame_or_none is None:
            return []
        tables = [
            files.get(frame)
            for files in self._tables(ctx)
            for frame in self.reads(ctx, "image")
            if frame is not None
        ]
        return [file_identity(file) for file in tables if file is not None]

    def compute(self, ctx: Context) -> object:
        """The ``FlowPair`` of the frame."""
        frames = ctx.input_frames("image")
        if frames is None:
            raise UsageError(
                f"{ctx.node_name} needs a moving clip and is wired to a still; wire it to the clip",
                node=ctx.node_name,
            )
        if ctx.knob("method") == "file":
            return self._read(ctx, frames)
        from codef_nodes.work.flows import LINKS, pair_of
        from engine.flow.compact import compact

        def shot(frame: int) -> tuple[str, Callable[[], Picture]]:
            def read() -> Picture:
                picture: Picture = ctx.input("image", frame)
                return picture

            return ctx.input_key("image", frame), read

        before, after = neighbours(frames, ctx.frame)
        how = (ctx.knob("preset"), ctx.knob("method"), ctx.task.check)
        here = shot(ctx.frame)
        preceding = None if before is None else LINKS.link(shot(before), here, *how)
        ctx.task.check()
        following = None if after is None else LINKS.link(here, shot(after), *how)
        return compact(pair_of(ctx.frame, following, preceding))

    def _tables(self, ctx: Context) -> list[dict[int, Path]]:
        from codef_nodes.work.flowfiles import assigned, numbered

        frames = ctx.input_frames("image") or ()
        numbering = ctx.knob("numbering")
        tables = []
        for name in ("forward", "backward", "confidence"):
            text = ctx.knob(name)
            if not text and name == "forward":
                raise UsageError(
                    f"{ctx.node_name} reads flow from files but its knob forward is empty; choose "
                    "the files or set method to dis",
                    node=ctx.node_name,
                )
            path = ctx.path(text)
            tables.append(assigned(numbered(path), frames, numbering, path) if text else {})
        return tables

    def _read(self, ctx: Context, frames: tuple[int, ...]) -> object:
        from codef_nodes.work.flowfiles import FlowFiles

        picture = ctx.input("image")
        forward, backward, confidence = self._tables(ctx)
        files = FlowFiles(
            frames,
            (picture.data.height, picture.data.width),
            forward,
            backward,
            confidence,
            ctx.knob("y_up"),
        )
        return files.pair(ctx.frame)
