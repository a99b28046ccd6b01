"""What a job is about, and what a worker's answer says of its end. No Qt."""

from typing import Any

from codef_nodes.graph.document import Document
from gui.jobs.job import DONE, FAILED, Job
from gui.jobs.words import count, counts, unrefined


def fits_above(document: Document, job: Job) -> list[str]:
    """The fits that a job reads, and may make."""
    found = []
    for name in job.nodes or tuple(document.nodes):
        if name in document:
            found += [up for up in document.upstream(name) if document.node_class(up).asset]
    return found


def take_fit(job: Job, answer: dict[str, Any]) -> str:
    """Notes what a fit reached; returns the state of the job.

    Args:
        job: The job.
        answer: The worker's ``record``, ``folder`` and ``report``.
    """
    report = answer.get("report") or {}
    job.label = ""
    # A short fit may be over before its figures were told on the way.
    curve = report.get("psnr_curve") or []
    job.curve = job.curve or [(float(at), float(psnr)) for at, psnr in curve]
    if isinstance(report.get("psnr"), int | float):
        passes = report.get("steps")
        job.label = f"{report['psnr']:.2f} dB in {count(passes, 'pass', 'passes')}"
        job.say(f"fitted: {job.label}")
    job.warning = unrefined(report)
    if job.warning:
        job.say(job.warning)
    return DONE


def take_render(job: Job, answer: dict[str, Any]) -> tuple[str, str | None]:
    """Notes what a render wrote; returns the state of the job and one of its files.

    Args:
        job: The job.
        answer: The worker's ``summaries``.
    """
    written, failed, skipped = counts(answer.get("summaries") or [])
    said = f"{count(len(written), 'file')} written"
    if skipped:
        said += f", {skipped} were there already"
    job.say(said)
    for one in failed:
        job.say(f"frame {one.get('frame')}: {one.get('message')}")
    if failed:
        job.error = f"{count(len(failed), 'frame')} failed; the first: {failed[0].get('message')}"
    job.label = said
    return FAILED if failed else DONE, written[0] if written else None
