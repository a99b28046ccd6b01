"""MaskGroup: which pixels belong together."""

from typing import TYPE_CHECKING, ClassVar

from codef_nodes.graph.context import Context
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import Port
from codef_nodes.graph.registry import register
from engine.errors import InputError, MaskError, UsageError

if TYPE_CHECKING:
    from codef_nodes.work.masks import FrameMasks
    from engine.arrays import U8
    from engine.io.clip import Clip
    from engine.io.picture import Picture


@register
class MaskGroup(Node):
    """Masks of any number of groups, front to back."""

    type: ClassVar[str] = "MaskGroup"
    title: ClassVar[str] = "Mask group"
    category: ClassVar[str] = "Fit"
    aliases: ClassVar[tuple[str, ...]] = ("Groups", "Layers", "Matte")
    help: ClassVar[str] = (
        "Says which pixels move together: one mask for each group, front to back; what no mask "
        "covers becomes the last group, the background."
    )
    inputs: ClassVar[tuple[Port, ...]] = (
        Port(
            "masks",
            "image",
            "One mask clip for each group, front to back; they come before the mask folders.",
            optional=True,
            variadic=True,
        ),
    )
    output: ClassVar[str | None] = "groups"
    knobs: ClassVar[tuple[Knob, ...]] = (
        Knob(
            "files",
            "files",
            [],
            "Mask folders or patterns, one for each group, front to back; masks match the clip by "
            "frame number, else by order.",
        ),
        Knob(
            "groups",
            "groups",
            {},
            unkeyed=("colour",),
            help="For each group, by its node or mask folder: its place from the front, name, "
            "colour, kind, and how it is fitted: stiffness (10 for a car, 0.3 for cloth), detail "
            "(pixels between the finest points) and steadiness over time. A change fits that "
            "group again and no other.",
        ),
        Knob(
            "channel",
            "text",
            "auto",
            "Which channel holds the mask: auto, alpha, luminance, red, green, blue or the name "
            "of a channel such as id.R.",
            choices=("auto", "alpha", "luminance", "red", "green", "blue"),
        ),
        Knob("invert", "bool", False, "The masks show the background: black is in the group."),
        Knob(
            "threshold",
            "float",
            0.0,
            "Above 0 the masks become hard: a pixel is in its group from this grey on.",
            minimum=0,
            maximum=1,
        ),
        Knob(
            "names",
            "arguments",
            [],
            "Names of the groups in the order of their sources; a name in the list of groups "
            "goes before. Empty ones are made from the files.",
            page="Lists",
        ),
        Knob(
            "kinds",
            "arguments",
            [],
            "What becomes of each group, in the order of their sources: layer (or empty) gives it "
            "a canonical image of its own; ignore leaves it alone: the fit does not look at it "
            "and no edit touches it (water, smoke, sheen).",
            page="Lists",
        ),
    )

    def frames(self, ctx: Context) -> tuple[int, ...] | None:
        """Those of the first mask clip."""
        wired = ctx.input_frames("masks") if ctx.has("masks") else None
        if wired is not None:
            return wired
        clips = _clips(ctx)
        if not clips and not ctx.has("masks"):
            raise UsageError(
                f"{ctx.node_name} has no masks; wire mask clips to it or name mask folders",
                node=ctx.node_name,
            )
        return tuple(clips[0].frames) if clips else None

    def identity(self, ctx: Context) -> list[JSON]:
        """The mask files of the frame."""
        frame = ctx.frame_or_none
        clips = _clips(ctx)
        if frame is None or not clips:
            return [ctx.knob("files")]
        return [clip.identity(_matched(ctx, clip, frame)) for clip in clips]

    def compute(self, ctx: Context) -> object:
        """The ``FrameMasks`` of the frame."""
        from codef_nodes.work.masks import MaskLook

        look = MaskLook(ctx.knob("channel"), ctx.knob("invert"), ctx.knob("threshold"))
        pictures: list[Picture] = list(ctx.inputs("masks"))
        for clip in _clips(ctx):
            frame = ctx.frame_or_none
            at = clip.frames[0] if frame is None else _matched(ctx, clip, frame)
            pictures.append(clip.read(at))
        masks = [look.of(picture) for picture in pictures]
        if len({mask.shape for mask in masks}) > 1:
            sizes = ", ".join(f"{mask.shape[1]}x{mask.shape[0]}" for mask in masks)
            raise MaskError(
                f"the masks of {ctx.node_name} have different sizes ({sizes}); give masks of the "
                "clip's size",
                frame=ctx.frame_or_none,
                node=ctx.node_name,
            )
        return _grouped(ctx, masks)


def _grouped(ctx: Context, masks: "list[U8]") -> "FrameMasks":
    """The masks in their order, with what is set for each."""
    from codef_nodes.work.groupentries import listed, sources_of
    from codef_nodes.work.masks import KINDS, FrameMasks
    from engine.fit.groups import BACKGROUND
    from engine.fit.groupsettings import settings_from

    wires, files, names, kinds, table = (
        ctx.wired("masks"),
        *(ctx.knob(name) for name in ("files", "names", "kinds", "groups")),
    )
    for given, what in ((names, "names"), (kinds, "kinds")):
        if len(given) > len(masks):
            raise UsageError(
                f"{ctx.node_name} has {len(given)} {what} for {len(masks)} groups; take {what} "
                "away",
                node=ctx.node_name,
            )
    groups = listed(wires, files, names, kinds, table)
    odd = next((group.kind for group in groups if group.kind not in KINDS), None)
    if odd is not None:
        raise UsageError(
            f"{ctx.node_name} has a group of kind {odd!r}; a group is a layer or ignore",
            node=ctx.node_name,
        )
    place = {source: k for k, source in enumerate(sources_of(wires, files))}
    settings = {group.name: settings_from(group.entry, group.name) for group in groups}
    behind = table.get(BACKGROUND)
    if isinstance(behind, dict):
        settings.setdefault(BACKGROUND, settings_from(behind, BACKGROUND))
    return FrameMasks(
        tuple(group.name for group in groups),
        tuple(masks[place[group.source]] for group in groups),
        tuple(group.kind for group in groups),
        settings,
    )


def _clips(ctx: Context) -> list["Clip"]:
    files = ctx.knob("files")
    if not files:
        return []
    from codef_nodes.work.source import remembered_clip

    return [remembered_clip(str(ctx.path(spec)), colour_space="raw", quiet=True) for spec in files]


def _matched(ctx: Context, clip: "Clip", frame: int) -> int:
    from codef_nodes.work.masks import match_frames

    own = ctx.own_frames() or (frame,)
    if frame in clip.frames and set(own) <= set(clip.frames):
        return frame
    matched = match_frames(own, clip.frames, clip.spec)
    if frame not in matched:
        raise InputError(f"{clip.spec} has no mask for frame {frame}; add it", frame=frame)
    return matched[frame]
