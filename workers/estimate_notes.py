"""What should be known of an estimate beside its figures, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.requests import JobRequest
from networks import Space
from workers.estimate_latency import Latencies
from workers.estimate_space import DRAWN, Survey
from workers.estimate_steps import StepTimes


def estimate_notes(
    request: JobRequest, survey: Survey, steps: StepTimes, latencies: Latencies
) -> Iterator[str]:
    """Yields what was left out for want of time, and what will surprise of what is asked for."""
    if request.objective.kind == "accuracy" and not request.constraints.model_dump():
        yield "`accuracy` without a constraint gives a student about as large as its teacher"
    if fixed := _fixed(survey.space):
        of_all = f"{fixed} of {len(survey.space.groups)} channel groups"
        yield f"`round_to` {request.search.round_to} leaves {of_all} as wide as they are"
    if len(survey.drawn) < DRAWN:
        yield f"{len(survey.drawn):,} students were drawn instead of {DRAWN:,}"
    if steps.timed < steps.wanted:
        yield f"training steps of {steps.timed} instead of {steps.wanted} students were timed"
    for names, why in _by_reason(latencies.skipped).items():
        yield f"no latency was measured of {names}: {why}"


def _fixed(space: Space) -> int:
    """Returns how many groups the rounding of widths leaves with one width."""
    return int((space.steps >= space.units).sum())


def _by_reason(skipped: Mapping[str, str]) -> dict[str, str]:
    """Returns the reasons by the names that they are of; a reason is told once."""
    names: dict[str, list[str]] = {}
    for name, why in skipped.items():
        names.setdefault(why, []).append(name)
    return {", ".join(several): why for why, several in names.items()}
