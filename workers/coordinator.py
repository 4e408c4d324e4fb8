"""The coordinator: claims one job at a time and carries it from queued to its end."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from opentelemetry.trace import StatusCode, get_current_span
from ray.exceptions import RayError
from sqlalchemy.exc import StatementError

from app.artifacts import Artifacts
from app.database import Database
from app.ids import random_name
from app.job_writer import JobWriter
from app.jobs import get_job, get_origin
from app.leases import Lease, claim, release
from app.log_context import while_about
from app.problems import LeaseLost, StillhouseError
from app.records import EndState, NewEmbedding
from app.tracing import span
from workers.command_watch import CommandWatch
from workers.finishing import finish_students
from workers.lease_keeper import LeaseKeeper
from workers.metrics import BUSY, JOBS_ENDED
from workers.pool import Pool
from workers.preparation import prepare
from workers.progress import expect_progress
from workers.proposing import starting_embedding
from workers.saved_embedding import save_embedding
from workers.search import Search
from workers.shelf import Shelf
from workers.surroundings import is_of_surroundings
from workers.tidying import Tidier
from workers.work import Commanded, Stopping, Work

log = logging.getLogger(__name__)

IDLE_POLL_S = 1.0  # longest time in which a new job goes unnoticed
LONGEST_WAIT_S = 300.0  # while the storage or the database fails
ALL_TRIED = "succeeded: there was no other student left to try"
ENDS: dict[str, EndState] = {"cancel": "cancelled", "pause": "paused"}


def unique_owner() -> str:
    """Returns a name for this process that no other one has, nor will have."""
    return f"{socket.gethostname()}-{os.getpid()}-{random_name()[:8]}"


@dataclass
class Coordinator:
    """Works on jobs until it is stopped. Whatever kills it, SQL and artifacts hold what was done.

    Attributes:
        stop: set it to have the current job released and the coordinator return.
        shelf: where datasets by name are.
        tidier: deletes what ended jobs left; its rounds are made by whoever runs it.
    """

    database: Database
    artifacts: Artifacts
    lease_s: float
    most_of_key: int = 0
    owner: str = field(default_factory=unique_owner)
    stop: threading.Event = field(default_factory=threading.Event)
    shelf: Shelf = field(default_factory=Shelf)
    tidier: Tidier = field(init=False)

    def __post_init__(self) -> None:
        self.tidier = Tidier(self.database, self.artifacts)

    def run(self) -> None:
        """Takes job after job until stopped.

        While the storage or the database fails it waits, longer and longer, before it takes another
        one: claims of a job are counted, and a disk that is full for an hour is no fault of a job.

        Raises:
            RayError: the cluster is gone, which only a new process can connect to.
        """
        failures = 0
        while not self.stop.is_set():
            try:
                busy, failures = self.run_one(), 0
            except Exception as error:
                if isinstance(error, RayError) or not is_of_surroundings(error):
                    raise
                failures += 1
                log.exception("what was under way is left")
                self.stop.wait(min(2.0 ** (failures - 1), LONGEST_WAIT_S))
                continue
            if not busy:
                self.stop.wait(IDLE_POLL_S)

    def run_one(self) -> bool:
        """Claims a job and works on it until it ends or is lost; returns whether there was one."""
        lease = claim(self.database, self.owner, self.lease_s, self.most_of_key)
        if lease is None:
            return False
        with BUSY.track_inprogress(), while_about(job_id=lease.job_id):
            self._hold(lease)
        return True

    def _hold(self, lease: Lease) -> None:
        """Works on a job while its lease is kept."""
        log.info("%s: claimed, fence %d", lease.job_id, lease.fence)
        pool = Pool()
        try:
            with (
                LeaseKeeper(self.database, lease, self.lease_s, pool.cancel) as keeper,
                CommandWatch(self.database, lease, pool.cancel),
                self._of_its_request(lease),
            ):
                self._carry_out(lease, pool, keeper.lost)
        except LeaseLost:
            log.warning("%s: left to whoever holds it now", lease.job_id)
        except Stopping:
            release(self.database, lease)
            log.info("%s: released", lease.job_id)
        finally:
            pool.cancel()
        self.tidier.tidy(lease.job_id)

    @contextmanager
    def _of_its_request(self, lease: Lease) -> Iterator[None]:
        """Has logs and traces name the request that a job came by, until the block's end."""
        with self.database.read() as session:
            origin = get_origin(session, lease.job_id)
        of_job = span("job", origin.traceparent, job_id=lease.job_id, fence=lease.fence)
        with while_about(request_id=origin.request_id), of_job:
            yield

    def _carry_out(self, lease: Lease, pool: Pool, lost: threading.Event) -> None:
        """Works on the job and puts its end on record, whatever it is.

        Raises:
            LeaseLost: another coordinator may hold the job: nothing more was written.
            Stopping: this coordinator is to end.
        """
        writer = JobWriter(self.database, lease)
        try:
            self._succeed(lease, pool, lost)
        except (LeaseLost, Stopping):
            raise
        except Commanded as asked:
            pool.cancel()
            writer.finish(ENDS[asked.command])
            _note_end(ENDS[asked.command])
            log.info("%s: %s", lease.job_id, ENDS[asked.command])
        except Exception as error:
            if is_of_surroundings(error):
                raise  # another coordinator may go on
            pool.cancel()
            problem = _problem(lease, error)
            writer.finish("failed", error=problem.problem())
            _note_end("failed")
            log.error("%s: failed: %s", lease.job_id, problem.detail)  # noqa: TRY400 - logged above

    def _succeed(self, lease: Lease, pool: Pool, lost: threading.Event) -> None:
        """Carries the job to its success."""
        with self.database.read() as session:
            job = get_job(session, lease.job_id)
        pool.resources = job.request.resources
        work = Work(
            job, lease, self.database, self.artifacts, pool, lost, self.stop, shelf=self.shelf
        )
        embedding, stage = self._carry_on(work)
        work.writer.finish("succeeded", embedding=embedding, stage=stage)
        _note_end("succeeded")
        log.info("%s: succeeded", job.id)

    def _carry_on(self, work: Work) -> tuple[NewEmbedding | None, str]:
        """Prepares, searches and finishes; each part goes on from what is on record.

        Returns:
            What is kept of the search, and the job's last stage.
        """
        expect_progress(work)
        work.writer.set_state("preparing", "loading the dataset")
        starting_embedding(work)  # one that can't be used is told before a teacher is trained
        with span("prepare"):
            prepared = prepare(work)
        work.writer.set_state("searching", "training students")
        search = Search(work, prepared)
        with span("search"):
            proposer = search.run()
        stage = ALL_TRIED if search.is_exhausted else "succeeded"
        with span("finish"):
            finish_students(work, prepared)
            embedding = save_embedding(work, proposer, prepared)
            search.outlooks.last(proposer)
        return embedding, stage


def _note_end(state: EndState) -> None:
    """Tells metrics and traces that the job has ended, or is paused."""
    JOBS_ENDED.labels(state).inc()
    current = get_current_span()
    current.set_attribute("stillhouse.state", state)
    if state == "failed":
        current.set_status(StatusCode.ERROR)


def _problem(lease: Lease, error: Exception) -> StillhouseError:
    """Returns what the user is told of an error that ended the job."""
    if isinstance(error, StillhouseError):
        return error
    if isinstance(error, FileNotFoundError):
        return StillhouseError(f"an artifact is gone: {error}")
    log.error("%s: a mistake of ours", lease.job_id, exc_info=error)
    # A statement's own message holds the SQL and its parameters, which belong in the log alone.
    cause = error.orig if isinstance(error, StatementError) else error
    return StillhouseError(f"{type(error).__name__}: {cause}")
