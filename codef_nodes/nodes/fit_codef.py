"""FitCoDeF: the clip becomes still pictures and their deformation."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from codef_nodes.nodes import fit_inputs as given
from codef_nodes.nodes.fit_knobs import KNOBS
from engine.errors import InputError, MissingFrameError


@register
class FitCoDeF(Node):
    """Fits the clip; the result is kept beside the document."""

    type: ClassVar[str] = "FitCoDeF"
    title: ClassVar[str] = "Fit CoDeF"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("Fit", "Canonical", "Solve")
    help: ClassVar[str] = (
        "Turns the clip into one still picture for each group, and the motion that carries it "
        "into every frame; the finished fit is kept beside the document until you fit again."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port("clip", "image", "The clip to fit."),
        Port(
            "flow",
            "flow",
            "Optical flow to start from; without it the fit computes its own.",
            optional=True,
        ),
        Port(
            "groups",
            "groups",
            "Masks of what moves together; without them the whole frame is one group.",
            optional=True,
        ),
        Port(
            "ignore",
            "image",
            "Mask of what the fit must not see (white): mattes, lens borders, burnt-in titles; "
            "edits leave it as it is.",
            optional=True,
        ),
    )
    output: ClassVar[str | None] = "field"
    per_frame: ClassVar[bool] = False
    asset: ClassVar[bool] = True
    knobs: ClassVar[tuple[Knob, ...]] = KNOBS

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Frames of the clip within the range."""
        there = ctx.input_frames("clip")
        if there is None or not ctx.knob("frames"):
            return there
        from engine.io.frames import format_frames, parse_frames

        wanted = parse_frames(ctx.knob("frames"))
        absent = sorted(set(wanted) - set(there))
        if absent and ctx.knob("missing") == "error":
            raise MissingFrameError(
                f"{ctx.node_name} should fit frames {format_frames(absent)}, which the clip does "
                "not have; change the range, or set missing to skip",
                frame=absent[0],
                node=ctx.node_name,
            )
        return tuple(frame for frame in wanted if frame in set(there))

    def reads(self, ctx: Context, port: str) -> Sequence[int | None]:
        """Each input at each frame of the fit."""
        frames = ctx.own_frames()
        if frames is None or ctx.input_frames(port) is None:
            return (None,)
        if port in ("groups", "ignore"):
            return tuple(dict.fromkeys(given.mask_frames(ctx, frames, port).values()))
        return frames

    def identity(self, ctx: Context) -> list[JSON]:
        """The files of tracks, corner pins, ST maps and of the lens."""
        from codef_nodes.work.identity import file_identity

        files, lens = given.hint_files(ctx), given.lens(ctx)
        told = files.identity(ctx.folder) if files else []
        return [*told, *(file_identity(path) if path else [] for path in lens or ())]

    def compute(self, ctx: Context) -> Any:
        """The ``Field``."""
        from codef_nodes.work.fitrun import has_checkpoint, run_fit, scratch_of
        from codef_nodes.work.longshots import LongShot
        from codef_nodes.work.refitting import base_of, last_fit
        from engine.fit.request import FitOptions

        frames = ctx.own_frames()
        if frames is None:
            raise InputError(
                f"{ctx.node_name} needs at least two frames and is wired to a single picture; "
                "load the whole sequence",
                node=ctx.node_name,
            )
        started = ctx.task.now()
        if ctx.knob("missing") == "skip":
            frames = tuple([frame for frame in frames if given.is_there(ctx, frame)])
        steps, seconds = ctx.knob("steps"), ctx.knob("seconds")
        checkpoint = scratch_of(ctx.scratch, ctx.key)
        resume = ctx.resume and checkpoint is not None and has_checkpoint(checkpoint)
        if resume:
            ctx.note(f"{ctx.node_name}: the fit goes on from where it was stopped")
        base = base_of(
            ctx,
            self.identity(ctx),
            {p.name: list(self.reads(ctx, p.name)) for p in self.inputs if ctx.has(p.name)},
        )
        done = run_fit(
            frames,
            lambda frame: given.picture(ctx, frame),
            given.groups(ctx, frames),
            given.flow(ctx, frames),
            FitOptions(
                recipe=ctx.knob("recipe"),
                seconds=seconds if seconds and steps is None else None,
                steps=steps,
                seed=ctx.knob("seed"),
                reference=ctx.knob("reference"),
                device=ctx.knob("device"),
                overrides=given.numbers(ctx),
                alpha=ctx.knob("alpha"),
                cuts=ctx.knob("cuts"),
                groups=given.settings(ctx, frames),
            ),
            ctx.task,
            source=given.source(given.picture(ctx, frames[0])) if frames else {},
            identity=ctx.key,
            started=started,
            checkpoint=checkpoint,
            resume=resume,
            ignore=given.ignore(ctx, frames),
            hints=given.hints(ctx, frames),
            lens=given.lens(ctx),
            draft=ctx.draft,
            tell=lambda sentence: ctx.note(f"{ctx.node_name}: {sentence}"),
            again=last_fit(ctx, base) if ctx.knob("refit") == "changed" and not resume else None,
            long=LongShot(
                ctx.knob("split"),
                partial(_part_key, self, ctx),
                checkpoint,
                None if ctx.knob("refit") == "everything" else _earlier(ctx),
            ),
        )
        done.report["base"] = base
        return done

    def asset_saved(self, ctx: Context) -> None:
        """Removes the checkpoint."""
        import shutil

        from codef_nodes.work.fitrun import scratch_of

        checkpoint = scratch_of(ctx.scratch, ctx.key)
        if checkpoint is not None:
            shutil.rmtree(checkpoint, ignore_errors=True)

    def save_asset(self, value: Any, folder: Path) -> None:
        """Writes the field folder."""
        from codef_nodes.work.fitrun import store

        store(value, folder)

    def load_asset(self, folder: Path) -> Any:
        """Reads the field folder."""
        from engine.fields.folder import load_field

        return load_field(folder)


def _earlier(ctx: Context) -> Path | None:
    """The node's last fit: a longer range goes on from it."""
    fit = ctx.assets.current(ctx.node_name, None)
    return fit.folder if fit is not None and fit.folder.is_dir() else None


def _part_key(node: FitCoDeF, ctx: Context, frames: Sequence[int]) -> str:
    """Key of all that a fit of some frames reads, but for how long it takes."""
    from codef_nodes.graph.keys import hash_of
    from codef_nodes.work.refitting import FREE

    reads: dict[str, list[int | None]] = {}
    for port in (p.name for p in node.inputs if ctx.has(p.name)):
        if ctx.input_frames(port) is None:
            reads[port] = [None]
        elif port in ("groups", "ignore"):
            reads[port] = list(given.mask_frames(ctx, frames, port).values())
        else:
            reads[port] = list(frames)
    left_out = (*FREE, "frames", "missing", "split", "reference")
    knobs = {k.name: ctx.knob(k.name) for k in node.knobs if k.name not in left_out}
    reference = ctx.knob("reference")
    knobs["reference"] = reference if reference in frames else None
    keys: JSON = {port: [ctx.input_key(port, f) for f in some] for port, some in reads.items()}
    return hash_of([node.version, ctx.working_space, knobs, keys, node.identity(ctx)])
