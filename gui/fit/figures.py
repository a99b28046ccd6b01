"""What the fit pane says about a fit, as words. No widgets."""

from typing import Any

from gui import theme
from gui.fit.parts import GROUPS, WARNING
from gui.jobs.job import INTERRUPTED, PAUSED, WAITING, Job, duration
from gui.jobs.words import unrefined

Row = tuple[str, str]


_WORDS = {
    "": "Not fitted",
    "none": "Not fitted",
    "fitted": "Fitted",
    "stale": "Stale: what it reads has changed",
    "fitting": "Fitting",
    "failed": "Failed",
    "missing": "The finished fit is missing",
}


def state_words(job: Job | None, fit: str) -> tuple[str, str]:
    """State of a fit in words, and the colour of its dot.

    Args:
        job: The newest job of the fit, or None.
        fit: State of the fit as on the node's face.
    """
    if job is not None and job.state == PAUSED:
        return "Paused", theme.WARNING
    if job is not None and job.state == WAITING:
        return "Waiting for its turn", theme.DIM
    if job is not None and job.state == INTERRUPTED:
        return "Interrupted: fit again to go on", theme.WARNING
    return _WORDS.get(fit, fit), theme.FIT.get(fit, theme.DIM)


def live_rows(job: Job, memory: int | None) -> list[Row]:
    """Rows about a fit under way."""
    rows: list[Row] = []
    if "step" in job.figures:
        rows.append(("Passes", f"{job.figures['step']:.0f}"))
    if "psnr" in job.figures:
        rows.append(("Quality", f"{job.figures['psnr']:.2f} dB"))
    left = "" if job.seconds_left is None else f", {duration(job.seconds_left)} left"
    rows.append(("Time", duration(job.elapsed) + left))
    if memory is not None:
        rows.append(("Memory", megabytes(memory)))
    return rows


def report_rows(report: dict[str, Any]) -> list[Row]:
    """Rows about a finished fit, from its report."""
    rows: list[Row] = []
    warning = unrefined(report)
    if warning:
        rows.append((WARNING, warning[:1].upper() + warning[1:] + "."))
    if _is_number(report.get("psnr_edit_path")):
        text = f"{report['psnr_edit_path']:.2f} dB"
        if _is_number(report.get("psnr")):
            text += f", {report['psnr']:.2f} dB with all terms"
        rows.append(("Quality", text))
    if _is_number(report.get("steps")) and _is_number(report.get("seconds")):
        resumed = report.get("resumed_at") or 0
        more = f", from pass {resumed} on" if resumed else ""
        rows.append(("Passes", f"{report['steps']} in {duration(report['seconds'])}{more}"))
    if _is_number(report.get("frames")):
        size = f"{report.get('width')} x {report.get('height')}"
        layers = report.get("layers") or 1
        groups = f", {layers} groups" if layers > 1 else ""
        rows.append(("Frames", f"{report['frames']}, {size}{groups}"))
    if report.get("recipe"):
        rows.append(("Recipe used", str(report["recipe"])))
    return rows


def reason_rows(report: dict[str, Any]) -> list[Row]:
    """Why the fit did what it did."""
    rows: list[Row] = []
    advice = report.get("advice")
    if isinstance(advice, dict) and advice.get("reason"):
        rows.append(("Advice", f"{advice.get('recipe')}: {advice['reason']}"))
    if report.get("reference_reason"):
        rows.append(("Reference", str(report["reference_reason"])))
    if report.get("cuts"):
        cuts = ", ".join(str(frame) for frame in report["cuts"])
        rows.append(("Cuts at", f"{cuts}; only one shot was fitted"))
    told = conflict_of(report)
    if told:
        sentence = str(told["sentence"]).replace(" %", "\u00a0%")
        rows.append((GROUPS, sentence[:1].upper() + sentence[1:] + "."))
    return rows


def conflict_of(report: dict[str, Any]) -> dict[str, Any]:
    """What one still does not explain, as the finished fit found it, else as its flow told.

    A finished fit that found nothing has the last word.
    """
    advice = report.get("advice")
    told = advice.get("conflict") if isinstance(advice, dict) else None
    told = report.get("conflict", told)
    return told if isinstance(told, dict) and told.get("sentence") else {}


def megabytes(count: float) -> str:
    """Bytes as people say them."""
    for size, unit in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if count >= size:
            return f"{count / size:.1f} {unit}" if unit == "GB" else f"{count / size:.0f} {unit}"
    return f"{count:.0f} B"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
