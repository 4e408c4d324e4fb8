"""Before anything is trained: the first measurements, and whether the limit can be met."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from app.problems import FieldError
from embedding import derive_seed
from embedding.pool import draw_pool
from networks import LEAST_MEASURED, Candidates, Space
from workers.constraints import costs_of, objective_of
from workers.latencies import FIRST, Latencies, MeasuredStudent
from workers.latency_gate import LatencyGate
from workers.problems import InfeasibleConstraints, WorkFailed
from workers.work import Work

POINTER = "#/constraints/latency_ms"
SPREAD = 8  # students between the smallest one and the teacher
DRAWN = 512
FASTEST = 3  # students that are measured because they are predicted to be the fastest


def expect_fast_enough(work: Work, space: Space) -> None:
    """Measures the teacher and a few students, and sees whether any student keeps the limit.

    Does nothing if the request has no latency limit; measures nothing that is on record.

    Raises:
        InfeasibleConstraints: none does; says what the fastest one takes.
        WorkFailed: too few could be measured.
        LeaseLost, Stopping, Commanded: as `Work.check`.
    """
    limit_ms = work.job.request.constraints.latency_ms
    if limit_ms is None:
        return
    latencies = Latencies(work, space, limit_ms)
    pool = _allowed(work, space)
    if not latencies.before(FIRST + 1):
        work.writer.set_stage("measuring latencies")
    latencies.of(space.edits(space.teacher())[0], FIRST)
    found = _measure(latencies, space, _spread(space, pool))
    _expect_measured(latencies)
    for _ in range(FASTEST):
        if _fastest_ms(found) <= limit_ms:
            return
        gate = LatencyGate(space, limit_ms, latencies)
        found += _measure(latencies, space, _fastest_new(space, gate, pool, found))
    if _fastest_ms(found) > limit_ms:
        raise _infeasible(work, _fastest_ms(found), limit_ms)


def job_gate(work: Work, space: Space) -> LatencyGate | None:
    """Returns what lets the job's candidates through; None without a latency limit.

    Raises:
        InfeasibleConstraints, WorkFailed: as `expect_fast_enough`.
    """
    limit_ms = work.job.request.constraints.latency_ms
    if limit_ms is None:
        return None
    expect_fast_enough(work, space)
    return LatencyGate(space, limit_ms, Latencies(work, space, limit_ms))


def teacher_latency_ms(work: Work, space: Space) -> float | None:
    """Returns the teacher's latency, if a limit had it measured."""
    teacher = space.student(space.edits(space.teacher())[0])
    measured = Latencies(work, space, None).find(teacher.hash)
    return None if measured is None else measured.median_ms


def _allowed(work: Work, space: Space) -> Candidates:
    """Returns random students that keep the other limits, the smallest first if it does."""
    objective = objective_of(work.job.request, costs_of(space))
    draws = torch.Generator().manual_seed(derive_seed(work.job.seed, "latency", 0))
    drawn = draw_pool(space, objective, space.keys(space.teacher()), DRAWN, draws)
    smallest = space.smallest()
    return Candidates.cat([smallest[objective.allows(space, smallest)], drawn])


def _spread(space: Space, pool: Candidates) -> Candidates:
    """Returns the first of the pool, and others that spread evenly over the logarithm of MACs."""
    if not len(pool):
        return pool
    sizes = space.costs(pool).macs.double().clamp(min=1).log()
    targets = torch.linspace(float(sizes.min()), float(sizes.max()), SPREAD, dtype=torch.float64)
    rows = (sizes[None] - targets[:, None]).abs().argmin(dim=1)
    return pool[torch.cat([torch.zeros(1, dtype=torch.int64), rows]).unique()]


def _measure(latencies: Latencies, space: Space, candidates: Candidates) -> list[MeasuredStudent]:
    return [latencies.of(edits, FIRST) for edits in space.edits(candidates)]


def _fastest_new(
    space: Space, gate: LatencyGate, pool: Candidates, found: Sequence[MeasuredStudent]
) -> Candidates:
    """Returns the candidate of the pool that is predicted to be the fastest and isn't measured."""
    known = {one.hash for one in found}
    for row in gate.predict(pool).argsort(stable=True):
        candidate = pool[row : row + 1]
        if space.student(space.edits(candidate)[0]).hash not in known:
            return candidate
    return pool[:0]


def _fastest_ms(found: Sequence[MeasuredStudent]) -> float:
    return min((one.median_ms for one in found if one.median_ms is not None), default=torch.inf)


def _expect_measured(latencies: Latencies) -> None:
    first = latencies.before(FIRST + 1)
    if sum(one.median_ms is not None for one in first) < LEAST_MEASURED:
        details = [one.detail for one in first if one.detail is not None]
        raise WorkFailed(
            "measuring latencies", "NoLatency", f"none could be measured; the last: {details[-1:]}"
        )


def _infeasible(work: Work, fastest_ms: float, limit_ms: float) -> InfeasibleConstraints:
    how = work.job.request.latency
    detail = (
        f"the fastest student takes {fastest_ms:.4g} ms ({how.runtime}, batch {how.batch_size},"
        f" {how.threads} thread(s)): no nearer limit than that can be met"
    )
    message = f"no student keeps a latency of {limit_ms:g} ms; {detail}"
    return InfeasibleConstraints(message, [FieldError(POINTER, detail)])
