"""What a coordinator measures, told to Prometheus at a port of its own."""

from __future__ import annotations

import logging

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

log = logging.getLogger(__name__)

disable_created_metrics()  # type: ignore[no-untyped-call]  # when each series began: who asks?

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_TRIALS_TAKE_S = (1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200)
_PROPOSALS_TAKE_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

BUSY = Gauge(
    "stillhouse_coordinator_busy",
    "Whether this coordinator works on a job: 0 or 1.",
    registry=REGISTRY,
)
JOBS_ENDED = Counter(
    "stillhouse_jobs_ended",
    "Jobs that this coordinator brought to an end, or paused.",
    ("state",),
    registry=REGISTRY,
)
TRIAL_DURATION = Histogram(
    "stillhouse_trial_duration_seconds",
    "Seconds from when a trial was sent to a worker until its end, waiting for a CPU among them.",
    ("outcome",),
    buckets=_TRIALS_TAKE_S,
    registry=REGISTRY,
)
ATTEMPTS_LOST = Counter(
    "stillhouse_trial_attempts_lost",
    "Attempts at a trial that were lost: the worker died, or the machine or coordinator was lost.",
    ("loss",),
    registry=REGISTRY,
)
PROPOSAL_DURATION = Histogram(
    "stillhouse_proposal_duration_seconds",
    "Seconds that a proposal took: learning from the trials, choosing, and putting on record.",
    buckets=_PROPOSALS_TAKE_S,
    registry=REGISTRY,
)
SUGGESTION_AGE = Histogram(
    "stillhouse_suggestion_age_seconds",
    "Seconds from when a trial was proposed until it was sent to a worker.",
    buckets=_TRIALS_TAKE_S,
    registry=REGISTRY,
)
SUGGESTION_BEHIND = Histogram(
    "stillhouse_suggestion_age_trials",
    "Trials of the job that ended meanwhile, of which the proposal knew nothing.",
    buckets=(0, 1, 2, 4, 8, 16, 32, 64),
    registry=REGISTRY,
)
RENEWALS_FAILED = Counter(
    "stillhouse_lease_renewals_failed",
    "Renewals of a lease that failed, and were tried again or lost it.",
    ("of",),
    registry=REGISTRY,
)
LEASES_LOST = Counter(
    "stillhouse_leases_lost",
    "Leases that were lost while their job or errand was worked on.",
    ("of",),
    registry=REGISTRY,
)
for metric, values in (
    (JOBS_ENDED, ("succeeded", "failed", "cancelled", "paused")),
    (TRIAL_DURATION, ("completed", "stopped", "failed")),
    (ATTEMPTS_LOST, ("died", "stale")),
    (RENEWALS_FAILED, ("job", "errand")),
    (LEASES_LOST, ("job", "errand")),
):
    for value in values:
        metric.labels(value)  # to be seen from the start: a rate needs a zero to rise from


def tell_metrics(host: str, port: int) -> None:
    """Answers to Prometheus at an address, from a thread; 0 for a port: nowhere.

    A port that is taken, by another coordinator of the machine for one, is no reason to do no work.
    """
    if not port:
        return
    try:
        start_http_server(port, host, REGISTRY)
    except OSError as error:
        log.warning(
            "the metrics can't be told at %s:%d (%s): each coordinator of a machine needs a"
            " STILLHOUSE_METRICS_PORT of its own",
            host,
            port,
            error.strerror or error,
        )
        return
    log.info("the metrics are at http://%s:%d/metrics", f"[{host}]" if ":" in host else host, port)
