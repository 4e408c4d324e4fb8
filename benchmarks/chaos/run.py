"""One run: the installation comes up, jobs and faults begin, and an audit ends it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.artifacts import Artifacts
from app.database import Database
from benchmarks.chaos.audit import Audit, audit_artifacts, audit_rows, audit_students
from benchmarks.chaos.faults import Fault, draw_faults
from benchmarks.chaos.injection import Injector, Machine
from benchmarks.chaos.installation import Installation, api_answers, installed
from benchmarks.chaos.load import Load
from benchmarks.chaos.record import Record
from benchmarks.chaos.report import GivenFault, Log, Outcome
from benchmarks.chaos.undisturbed import audit_trials

LEASE_S = 2.0
COORDINATORS = 2
_STUCK_S = 240.0  # after which a job that has not gone on is given up
_LAST_JOB_S = 600.0
_SETTLE_S = 10.0  # in which what was stopped finds out that it lost its lease


@dataclass(frozen=True)
class Plan:
    """Which faults are given."""

    kinds: Sequence[str]
    count: int
    seed: int


def run(home: Path, machine: Machine, plan: Plan, log: Log) -> Outcome:
    """Returns what came of the faults; every job has ended, unless one is stuck."""
    outcome, began = Outcome(), time.monotonic()
    artifacts = Artifacts(f"file://{home}/artifacts")
    with installed(home, machine.database.url, LEASE_S, COORDINATORS) as installation:
        database = Database(machine.database.url)
        record = Record(database)
        record.note_results()
        load = Load(installation.url, plan.seed)
        load.start()
        installation.wait_until(lambda: bool(record.owners()), _STUCK_S)
        injector = Injector(installation, machine, record)
        for fault in draw_faults(plan.kinds, plan.count, plan.seed, LEASE_S):
            installation.wait(fault.after_s)
            given = _give(injector, fault, began)
            outcome.given.append(given)
            log.add({"fault": fault.number, **asdict(given)})
            if given.recovered_s is None:
                break
        load.is_last.set()
        installation.wait_until(load.ended.is_set, _LAST_JOB_S)
        installation.wait(_SETTLE_S)
        outcome.minutes = (time.monotonic() - began) / 60
        outcome.jobs = len(load.ids)
        audit_rows(record, load.ids, outcome.audit)
        audit_artifacts(database, artifacts, outcome.audit)
        audit_students(installation.url, load.ids, outcome.audit)
        _note(log, outcome.audit, "lost", "duplicated", "orphans", "damaged")
    outcome.compared = audit_trials(
        home.with_name("undisturbed"), database, artifacts, load.ids, outcome.audit
    )
    database.close()
    _note(log, outcome.audit, "different")
    return outcome


def _give(injector: Injector, fault: Fault, began: float) -> GivenFault:
    """Gives a fault and waits until the job has gone on from it, and the fault is over."""
    installation, record = injector.installation, injector.record
    hit = injector.aim(fault)
    before, at = record.progress(), time.monotonic()
    at_s = round(at - began, 1)
    if hit is None:
        return GivenFault(fault.kind, "nothing", at_s, None)
    given = hit()

    def gone_on_s(longest_s: float) -> float | None:
        went = installation.wait_until(
            lambda: _has_gone_on(installation, record, before), longest_s
        )
        return round(time.monotonic() - at, 2) if went else None

    recovered_s = None
    if given.undo is not None:
        if fault.kind != "database stopped":  # it would hold up whoever asks, this process too
            recovered_s = gone_on_s(fault.lasts_s)
        installation.wait(max(at + fault.lasts_s - time.monotonic(), 0.0))
        given.undo()
    if recovered_s is None:
        recovered_s = gone_on_s(_STUCK_S)
    return GivenFault(fault.kind, given.to, at_s, recovered_s)


def _has_gone_on(installation: Installation, record: Record, before: object) -> bool:
    now = record.progress()
    return now is not None and now != before and api_answers(installation.url)


def _note(log: Log, audit: Audit, *kinds: str) -> None:
    for kind in kinds:
        for line in getattr(audit, kind):
            log.add({kind: line})
