"""A field of several segments, as one of its stills sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as default
from typing import TYPE_CHECKING, Any

from engine.arrays import F32
from engine.errors import UsageError
from engine.fields.field import WHOLE, Field, Layer, Masks, Part
from engine.linked.deformation import LinkedDeformation
from engine.linked.segments import Segments

if TYPE_CHECKING:
    from engine.linked.lights import Lights


@dataclass(kw_only=True)
class LinkedField(Field):
    """A long shot: ordinary fields over overlapping frames, and the links between their stills.

    It is a field like any other whose frames are all of them and whose stills are those of one
    segment, the anchor: an edit of them reaches every frame in which what was edited is seen, in
    one resample. ``seen_from`` gives the same with the stills of another segment. Frames are drawn
    from the segments that hold them (``parts``).

    Attributes:
        segments: The segments and their links.
        anchor: The segment whose stills ``layers`` hold.
        shot: What is the same whichever the anchor.
    """

    segments: Segments
    anchor: int
    shot: "Shot"

    def parts(self, index: int) -> list[tuple[Field, int, float]]:
        """The segments that hold a frame, the frame's position in each, and their weights."""
        return [
            (self.segments.field(share.segment), share.index, share.weight)
            for share in self.segments.shares(index)
        ]

    def seen_from(self, segment: int) -> "LinkedField":
        """The same shot with the stills of another segment.

        Raises:
            UsageError: There is no such segment.
        """
        if segment == self.anchor:
            return self
        check_segment(self.segments, segment)
        return seen_from(self.segments, self.shot, segment)

    def coverage(self, index: int, part: Part = WHOLE) -> F32:
        """Visible share of each layer, [K, H, W]; of layers that the anchor lacks nothing."""
        count = max(len(self.layers), self.shot.layers)
        return self.masks.coverage(index, count, part)[: len(self.layers)]

    def seen(self, index: int, part: Part = WHOLE) -> F32:
        """Visible share of each layer, [K, H, W], fading out where the anchor's still ends."""
        shares = super().seen(index, part)
        for k, layer in enumerate(self.layers):
            mapped = layer.deformation
            known = mapped.known(index, part) if isinstance(mapped, LinkedDeformation) else None
            if known is not None:
                shares[k] *= known
        return shares


@dataclass(frozen=True, eq=False)
class Shot:
    """What all views of a linked field share.

    Attributes:
        masks: Of all frames.
        ignored: Of all frames, or None.
        lights: Of all layers, by segment.
        layers: Most layers that any segment has.
        report: Figures of the fit.
        source: The clip.
        recipe: Name of the recipe.
        views: The views that were asked for, by anchor.
    """

    masks: Masks
    ignored: Masks | None
    lights: "Lights"
    layers: int
    report: dict[str, Any]
    source: dict[str, Any]
    recipe: str
    views: dict[int, LinkedField] = default(default_factory=dict)


def segment_at(field: Field, index: int) -> int:
    """The segment that a frame belongs to, by its position; 0 where the field is not linked."""
    return field.segments.of_frame(index) if isinstance(field, LinkedField) else 0


def view_at(field: Field, index: int) -> Field:
    """The view of a field whose stills a frame belongs to; a field that is not linked itself."""
    if not isinstance(field, LinkedField):
        return field
    return field.seen_from(segment_at(field, index))


def through(field: LinkedField, segments: Segments) -> LinkedField:
    """The same shot through other segments of the same stills, as the same still sees it."""
    return seen_from(segments, replace(field.shot, views={}), field.anchor)


def seen_by(field: Field, still: object) -> Field:
    """The view of a field whose stills have an identity (``codef/field`` of a picture).

    Args:
        field: The field, linked or not.
        still: What a picture of one of its stills says of it, or anything else.

    Returns:
        The field itself where it is not linked, where its own stills are meant, and where none are.
    """
    if not isinstance(field, LinkedField):
        return field
    named = [n for n, part in enumerate(field.segments.parts) if part.identity == still]
    return field.seen_from(named[0]) if named and field.anchor not in named else field


def check_segment(segments: Segments, segment: int) -> None:
    """Refuses a segment that is not there.

    Raises:
        UsageError: There is no such segment; the message names those that are.
    """
    if 0 <= segment < len(segments.parts):
        return
    spans = ", ".join(
        f"{n} (frames {part.frames[0]}-{part.frames[-1]})" for n, part in enumerate(segments.parts)
    )
    raise UsageError(f"the field has no segment {segment}; its segments are {spans}")


def seen_from(segments: Segments, shot: Shot, anchor: int) -> LinkedField:
    """A linked field with the stills of one segment; the same object each time."""
    if anchor in shot.views:
        return shot.views[anchor]
    own = segments.field(anchor)
    layers = []
    for layer in own.layers:
        lighting, exposure = shot.lights.of(layer.name, anchor, segments)
        layers.append(
            Layer(
                layer.name,
                LinkedDeformation(segments, layer.name, anchor),
                layer.canonical,
                lighting,
                exposure,
            )
        )
    view = LinkedField(
        frames=segments.frames,
        display=own.display,
        data=own.data,
        layers=layers,
        masks=shot.masks,
        reference=own.reference,
        recipe=shot.recipe,
        report=shot.report,
        source=shot.source,
        pixel_aspect=own.pixel_aspect,
        ignored=shot.ignored,
        segments=segments,
        anchor=anchor,
        shot=shot,
    )
    shot.views[anchor] = view
    return view


def joined_masks(segments: Segments, masks: Sequence[Masks]) -> Masks:
    """The masks of all frames from those of the segments."""
    first = masks[0]
    streams: list[list[bytes]] = [[] for _ in first.streams]
    for index in range(len(segments.frames)):
        share = segments.shares(index)[0]
        for group, stream in enumerate(streams):
            stream.append(masks[share.segment].streams[group][share.index])
    return Masks(first.height, first.width, streams)
