"""What a job is about, and what a worker says of its progress and its end. No Qt."""

from collections.abc import Container
from typing import Any

from codef_nodes.graph.document import Document
from gui.jobs.job import DONE, ENDING, FAILED, Job
from gui.jobs.words import count, counts, stage, unrefined


def fits_above(document: Document, job: Job) -> list[str]:
    """The fits that a job reads, and may make."""
    found = []
    for name in job.nodes or tuple(document.nodes):
        if name in document:
            found += [up for up in document.upstream(name) if document.node_class(up).asset]
    return found


def take_progress(job: Job, data: dict[str, Any], nodes: Container[str]) -> None:
    """Notes how far a job is.

    Args:
        job: The job.
        data: The worker's ``fraction``, ``seconds_left``, ``label`` and ``figures``.
        nodes: Names of nodes, which are told while frames are read on the way.
    """
    job.seconds_left = data.get("seconds_left")
    figures = data.get("figures") or {}
    for name in {"frame", "frames"} - figures.keys():
        job.figures.pop(name, None)
    job.figures.update(figures)
    job.advance(float(data.get("fraction") or 0.0))
    if job.state != ENDING:
        label = stage(str(data.get("label") or ""), figures)
        # Names of nodes, and each frame that is written, are too much for a log.
        passing = label in nodes or "frame" in job.figures
        if label and not passing and label != job.stage:
            job.stage = label
            job.say(label)
        job.label = label
    psnr = figures.get("psnr")
    if job.kind == "fit" and psnr is not None:
        job.curve.append((job.elapsed, float(psnr)))


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
    quality = report.get("psnr_edit_path", report.get("psnr"))  # as the fit panel tells it first
    if isinstance(quality, int | float):
        passes = report.get("steps")
        job.label = f"{quality:.2f} dB in {count(passes, 'pass', 'passes')}"
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
