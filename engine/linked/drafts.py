"""A long shot while it is fitted: the segments that are done, and what the next one has reached."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.fields.field import Field
from engine.fields.folder import load_field, save_field
from engine.fit.request import FitRequest
from engine.linked.folder import open_linked, segment_of
from engine.linked.links import Links, link_segments
from engine.linked.segments import Segment, Segments
from engine.progress import Task, silent


@dataclass(frozen=True)
class LinkedDrafts:
    """Hands over what there is as one field, which an artist may paint on meanwhile.

    Attributes:
        request: Of the whole shot; says who wants drafts.
        folder: Where a segment that is not finished is put.
        working: OCIO name of the space of the stills.
        task: Knows the time.
    """

    request: FitRequest
    folder: Path
    working: str
    task: Task

    def done(self, parts: Sequence[Segment], links: Sequence[Links]) -> None:
        """Shows the segments that are finished."""
        show = self.request.draft
        if show is not None:
            show(self._joined(parts, links), None, self._elapsed())

    def of_next(
        self, parts: Sequence[Segment], links: Sequence[Links]
    ) -> Callable[[Field, float | None, float], None] | None:
        """Takes the drafts of the segment behind those that are finished.

        Args:
            parts: The finished ones.
            links: Between them.
        """
        show = self.request.draft
        if show is None:
            return None

        def taken(field: Field, psnr: float | None, _: float) -> None:
            whole = field
            if parts:
                own = self.folder / "draft"
                stored = save_field(field, own, working_space=self.working)
                link = link_segments(load_field(parts[-1].folder), stored, silent())
                whole = self._joined([*parts, segment_of(own, stored)], [*links, link])
            show(whole, psnr, self._elapsed())

        return taken

    def _joined(self, parts: Sequence[Segment], links: Sequence[Links]) -> Field:
        if len(parts) == 1:
            return load_field(parts[0].folder)
        request = self.request
        return open_linked(Segments(parts, links), {}, request.source, request.options.recipe)

    def _elapsed(self) -> float:
        return self.task.now() - self.request.started
