"""FitCoDeF: the clip becomes still pictures and their deformation."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from engine.errors import InputError, MaskError, MissingFrameError
from engine.flow.pair import FlowPair
from engine.io.picture import Picture

if TYPE_CHECKING:
    from codef_nodes.work.hinting import HintFiles
    from codef_nodes.work.masks import FrameMasks
    from engine.arrays import U8
    from engine.fit.groupsettings import GroupSettings
    from engine.fit.hints import Hints
    from engine.fit.request import GroupMasks


log = logging.getLogger(__name__)
#: What the panel offers; a test holds it to the recipes that are installed.
RECIPES = (
    "auto",
    "seeded",
    "articulated",
    "camera_pan",
    "final",
    "fluid",
    "preview",
    "product",
    "talking_head",
)


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
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "seconds",
            "float",
            60.0,
            "Time the fit may take; longer is sharper, and 0 takes as long as the recipe wants.",
            minimum=0,
            unit="s",
        ),
        Knob(
            "steps",
            "int",
            None,
            "Number of passes instead of a time, so that the result can be repeated exactly.",
            minimum=0,
        ),
        Knob("frames", "frames", "", "Frames to fit, such as 1001-1100; empty takes all of them."),
        Knob(
            "missing",
            "choice",
            "error",
            "What to do when frames are missing: stop, or fit without them; they are never made "
            "up.",
            choices=("error", "skip"),
        ),
        Knob(
            "alpha",
            "bool",
            True,
            "Leaves out pixels where the clip's own alpha is 0; an alpha that is 0 everywhere "
            "says nothing.",
        ),
        Knob(
            "cuts",
            "choice",
            "warn",
            "What to do when the clip cuts to another shot: fit the shot of the reference frame "
            "(else the longest) and say so, stop before fitting, or fit all frames as one shot.",
            choices=("warn", "stop", "ignore"),
        ),
        Knob(
            "reference",
            "int",
            None,
            "The frame whose picture the canonical image lines up with; empty lets the fit choose.",
        ),
        Knob(
            "split",
            "text",
            "auto",
            "How a long shot is divided into segments with a still each, linked by the frames they "
            "share: where one still is not enough (auto), never (none), or so that the frames "
            "named here begin a segment, such as 1101, 1201.",
            choices=("auto", "none"),
        ),
        Knob(
            "seed",
            "int",
            0,
            "Start of random choices: the same number and passes give the same result.",
            minimum=0,
        ),
        Knob(
            "tracks",
            "files",
            [],
            "2D tracks to start the motion from, where flow finds nothing to go by: text files "
            "with lines 'frame x y', y up, or tracks.json; GROUP=FILE names the group.",
            page="Start",
        ),
        Knob(
            "corner_pin",
            "files",
            [],
            "Corner pins of planes to start the motion from: CornerPin2D nodes in .nk files, or "
            "CSV; GROUP=FILE names the group.",
            page="Start",
        ),
        Knob(
            "stmaps",
            "files",
            [],
            "ST maps from each frame to the reference frame to start the motion from: EXR folders "
            "or patterns; GROUP=PATTERN names the group.",
            page="Start",
        ),
        Knob(
            "undistort",
            "file_in",
            "",
            "ST map that takes the lens distortion out of the clip, so that camera moves become "
            "simple; it needs redistort too.",
            page="Lens",
        ),
        Knob(
            "redistort",
            "file_in",
            "",
            "ST map that puts the lens distortion back; frames are still filtered only once.",
            page="Lens",
        ),
        Knob(
            "recipe",
            "text",
            "seeded",
            "How to fit: seeded suits every clip, auto takes what the clip's motion suggests, and "
            "the path of a .toml file is a recipe of your own.",
            choices=RECIPES,
            page="Recipe",
        ),
        Knob(
            "temporal_smoothness",
            "float",
            None,
            "How firmly the frames beside a frame hold it: 0 not at all, 1 calms what grain would "
            "shake, more smooths the motion itself; empty leaves it to the recipe.",
            minimum=0,
            maximum=20,
            page="Recipe",
        ),
        Knob(
            "refit",
            "choice",
            "changed",
            "What to fit again when masks or settings of some groups changed and nothing else did: "
            "only those groups, from where they were (the others are kept as they are), or "
            "everything anew.",
            choices=("changed", "everything"),
            page="Recipe",
        ),
        Knob(
            "device",
            "text",
            "auto",
            "Where to compute: auto, cpu, cuda or cuda:N.",
            choices=("auto", "cpu", "cuda"),
            page="Recipe",
        ),
        Knob(
            "numbers",
            "table",
            {},
            "Numbers of the recipe to change, by name; for those who know the recipe.",
            page="Recipe",
        ),
    )

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
            return tuple(dict.fromkeys(_mask_frames(ctx, frames, port).values()))
        return frames

    def identity(self, ctx: Context) -> list[JSON]:
        """The files of tracks, corner pins, ST maps and of the lens."""
        from codef_nodes.work.identity import file_identity

        files, lens = _hint_files(ctx), _lens(ctx)
        told = files.identity(ctx.folder) if files else []
        return [*told, *(file_identity(path) if path else [] for path in lens or ())]

    def compute(self, ctx: Context) -> Any:
        """The ``Field``."""
        from codef_nodes.work.fitting import has_checkpoint, run_fit, scratch_of
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
            frames = tuple([frame for frame in frames if _is_there(ctx, frame)])
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
            lambda frame: _picture(ctx, frame),
            _groups(ctx, frames),
            _flow(ctx, frames),
            FitOptions(
                recipe=ctx.knob("recipe"),
                seconds=seconds if seconds and steps is None else None,
                steps=steps,
                seed=ctx.knob("seed"),
                reference=ctx.knob("reference"),
                device=ctx.knob("device"),
                overrides=_numbers(ctx),
                alpha=ctx.knob("alpha"),
                cuts=ctx.knob("cuts"),
                groups=_settings(ctx, frames),
            ),
            ctx.task,
            source=_source(_picture(ctx, frames[0])) if frames else {},
            identity=ctx.key,
            started=started,
            checkpoint=checkpoint,
            resume=resume,
            ignore=_ignore(ctx, frames),
            hints=_hints(ctx, frames),
            lens=_lens(ctx),
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

        from codef_nodes.work.fitting import scratch_of

        checkpoint = scratch_of(ctx.scratch, ctx.key)
        if checkpoint is not None:
            shutil.rmtree(checkpoint, ignore_errors=True)

    def save_asset(self, value: Any, folder: Path) -> None:
        """Writes the field folder."""
        from codef_nodes.work.fitting import store

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
            reads[port] = list(_mask_frames(ctx, frames, port).values())
        else:
            reads[port] = list(frames)
    left_out = (*FREE, "frames", "missing", "split", "reference")
    knobs = {k.name: ctx.knob(k.name) for k in node.knobs if k.name not in left_out}
    reference = ctx.knob("reference")
    knobs["reference"] = reference if reference in frames else None
    keys: JSON = {port: [ctx.input_key(port, f) for f in some] for port, some in reads.items()}
    return hash_of([node.version, ctx.working_space, knobs, keys, node.identity(ctx)])


def _numbers(ctx: Context) -> dict[str, Any]:
    """The recipe's numbers that the artist changed."""
    numbers = dict(ctx.knob("numbers"))
    if ctx.knob("temporal_smoothness") is not None:
        numbers.setdefault("temporal", ctx.knob("temporal_smoothness"))
    return numbers


def _picture(ctx: Context, frame: int) -> Picture:
    from codef_nodes.work.fitting import real_frame

    return real_frame(ctx.input("clip", frame), frame)


def _is_there(ctx: Context, frame: int) -> bool:
    ctx.task.check()
    try:
        _picture(ctx, frame)
    except MissingFrameError:
        return False
    return True


def _flow(ctx: Context, frames: Sequence[int]) -> Callable[[int], FlowPair] | None:
    if not ctx.has("flow"):
        return None
    there = ctx.input_frames("flow") or ()
    first = there.index(frames[0]) if frames and frames[0] in there else 0
    if tuple(frames) != there[first : first + len(frames)]:
        # The flow leads to frames that are left out; the fit finds the flow across the gaps.
        log.info("%s computes its own flow, since frames are left out", ctx.node_name)
        return None

    def pair(frame: int) -> FlowPair:
        flow: FlowPair = ctx.input("flow", frame)
        return flow

    return pair


def _mask_frames(
    ctx: Context, frames: Sequence[int], port: str = "groups"
) -> dict[int, int | None]:
    from codef_nodes.work.masks import match_frames

    there = ctx.input_frames(port)
    if there is None:
        return dict.fromkeys(frames)
    clip = ctx.input_frames("clip") or frames
    used = clip if len(clip) == len(there) else frames
    matched = match_frames(used, there, f"the masks of {ctx.node_name}")
    return {frame: matched[frame] for frame in frames}


def _groups(ctx: Context, frames: Sequence[int]) -> list["GroupMasks"]:
    if not ctx.has("groups") or not frames:
        return []
    from engine.fit.request import GroupMasks

    matched = _mask_frames(ctx, frames)
    first: FrameMasks = ctx.input("groups", matched[frames[0]])

    def mask_of(k: int) -> Callable[[int], "U8"]:
        def mask(frame: int) -> "U8":
            found: U8 = ctx.input("groups", matched[frame]).masks[k]
            return found

        return mask

    return [GroupMasks(first.names[k], mask_of(k)) for k in first.layers]


def _settings(ctx: Context, frames: Sequence[int]) -> "Mapping[str, GroupSettings]":
    """How single groups are fitted."""
    if not ctx.has("groups") or not frames:
        return {}
    first: FrameMasks = ctx.input("groups", _mask_frames(ctx, frames)[frames[0]])
    return first.settings


def _ignore(ctx: Context, frames: Sequence[int]) -> Callable[[int], "U8"] | None:
    """What the input ``ignore`` and groups of that kind leave out."""
    given: list[Callable[[int], U8]] = []
    if frames and ctx.has("ignore"):
        from codef_nodes.work.masks import MaskLook

        matched, look = _mask_frames(ctx, frames, "ignore"), MaskLook()
        given.append(lambda frame: look.of(ctx.input("ignore", matched[frame])))
    if frames and ctx.has("groups"):
        grouped = _mask_frames(ctx, frames)
        first: FrameMasks = ctx.input("groups", grouped[frames[0]])
        if len(first.layers) < len(first.names):
            given.append(lambda frame: ctx.input("groups", grouped[frame]).ignored)
    if len(given) < 2:
        return given[0] if given else None
    return lambda frame: _both(given[0](frame), given[1](frame), frame)


def _both(one: "U8", other: "U8", frame: int) -> "U8":
    import numpy as np

    if one.shape != other.shape:
        raise MaskError(
            f"the ignore mask of frame {frame} is {one.shape[1]}x{one.shape[0]}, the masks of the "
            f"groups are {other.shape[1]}x{other.shape[0]}; give masks of the clip's size",
            frame=frame,
        )
    return np.maximum(one, other)


def _hint_files(ctx: Context) -> "HintFiles":
    from codef_nodes.work.hinting import HintFiles

    return HintFiles(*(tuple(ctx.knob(name)) for name in ("tracks", "corner_pin", "stmaps")))


def _hints(ctx: Context, frames: Sequence[int]) -> "Hints | None":
    files = _hint_files(ctx)
    if not files or not frames:
        return None
    names = [group.name for group in _groups(ctx, frames)]
    clip = ctx.input_frames("clip") or frames
    return files.read(_picture(ctx, frames[0]), names, ctx.folder, clip[0])


def _lens(ctx: Context) -> tuple[str, str] | None:
    undistort, redistort = (
        str(ctx.path(ctx.knob(name))) if ctx.knob(name) else ""
        for name in ("undistort", "redistort")
    )
    return (undistort, redistort) if undistort or redistort else None


def _source(picture: Picture) -> dict[str, Any]:
    return dict(picture.metadata.get("codef/source", {}))
