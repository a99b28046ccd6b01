"""What is said about jobs. No widgets, no Qt."""

from typing import Any


def unrefined(report: dict[str, Any]) -> str:
    """What to say of a fit without a single pass of its own, as its report tells; else empty."""
    steps, before = report.get("steps"), report.get("resumed_at") or 0
    if steps is None or steps > before or not isinstance(steps, int):
        return ""
    if before:
        return "the time was up before the next pass: the fit is as it was; give it more seconds"
    return (
        "the time was up before the first pass: this is the matching alone, rough; give the fit "
        "more seconds"
    )


def stage(label: str, figures: dict[str, Any]) -> str:
    """What is being done; of a render, which of its frames."""
    if "frame" in figures and "frames" in figures:
        return f"frame {figures['frame']:.0f} of {figures['frames']:.0f}"
    return label


def count(number: Any, one: str, many: str = "") -> str:
    """So many of something: ``1 file``, ``2 files``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def counts(summaries: list[Any]) -> tuple[list[str], list[dict[str, Any]], int]:
    """Files written, failures, and how many were skipped."""
    written: list[str] = []
    failed: list[dict[str, Any]] = []
    skipped = 0
    for each in summaries:
        written += each.get("written", [])
        failed += each.get("failed", [])
        skipped += len(each.get("skipped", []))
    return written, failed, skipped
