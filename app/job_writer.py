"""All that a coordinator may write of the job it holds.

Each method is one short transaction that first checks the lease, so that a coordinator that lost it
changes nothing. Artifacts are stored before the method that names them is called.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

from sqlalchemy import Update, insert, update
from sqlalchemy.orm import Session

from app.clock import DatabaseTime
from app.database import Database
from app.ids import EMBEDDING, STUDENT, new_id
from app.leases import Lease, hold
from app.problems import Conflict
from app.records import (
    Command,
    EndState,
    Json,
    NewEmbedding,
    NewStudent,
    NewTrial,
    TeacherRecord,
    TrialResult,
    TrialSource,
    WorkingState,
)
from app.tables import Embedding, Job, JobSurrogate, JobTeacher, Student, StudentFile, Trial

_UNFINISHED = ("queued", "running")
# What becomes of a job whose coordinator pauses it, by the command that stands now.
_INSTEAD_OF_PAUSE: Mapping[Command | None, EndState | Literal["queued"]] = {
    "pause": "paused",
    "cancel": "cancelled",
    None: "queued",
}


class JobWriter:
    """Writes one job; every method raises `LeaseLost` if the lease is void."""

    def __init__(self, database: Database, lease: Lease) -> None:
        self._database = database
        self._lease = lease

    def set_state(self, state: WorkingState, stage: str) -> None:
        """Moves the job on; the first time, the job has started."""
        with self._database.write() as session:
            job = hold(session, self._lease)
            job.state, job.stage = state, stage
            if job.started_at is None:
                session.execute(_job(job.id).values(started_at=DatabaseTime()))

    def set_stage(self, stage: str) -> None:
        """Says what is being done now."""
        with self._database.write() as session:
            hold(session, self._lease).stage = stage

    def record_teacher(self, teacher: TeacherRecord) -> None:
        """Puts the trained teacher on record, in place of one before."""
        with self._database.write() as session:
            hold(session, self._lease)
            session.merge(JobTeacher(job_id=self._lease.job_id, **_fields(teacher)))

    def record_teacher_test(self, accuracy: float) -> None:
        """Adds the teacher's accuracy on the test split, read once at the end."""
        with self._database.write() as session:
            hold(session, self._lease)
            session.execute(
                update(JobTeacher)
                .where(JobTeacher.job_id == self._lease.job_id)
                .values(test_accuracy=accuracy)
            )

    def record_teacher_latency(self, latency_ms: float) -> None:
        """Adds the teacher's measured latency."""
        with self._database.write() as session:
            hold(session, self._lease)
            session.execute(
                update(JobTeacher)
                .where(JobTeacher.job_id == self._lease.job_id)
                .values(latency_ms=latency_ms)
            )

    def record_surrogate(self, outlook: Json) -> None:
        """Puts on record what the surrogate makes of the search, in place of what it made before.

        Args:
            outlook: as `app.surrogate_body` has it.
        """
        with self._database.write() as session:
            hold(session, self._lease)
            row = {"outlook": outlook, "updated_at": DatabaseTime()}
            of_job = update(JobSurrogate).where(JobSurrogate.job_id == self._lease.job_id)
            if session.scalar(of_job.values(row).returning(JobSurrogate.job_id)) is None:
                session.execute(insert(JobSurrogate).values(job_id=self._lease.job_id, **row))

    def add_trials(self, trials: Sequence[NewTrial], proposer_key: str | None) -> None:
        """Puts proposed trials on record, together with the state of the proposer behind them."""
        with self._database.write() as session:
            job = hold(session, self._lease)
            session.add_all(
                Trial(job_id=self._lease.job_id, state="queued", **_fields(t)) for t in trials
            )
            if proposer_key is not None:
                job.proposer_key = proposer_key

    def trial_started(self, number: int) -> None:
        """Marks a queued trial as running.

        Raises:
            Conflict: the trial is not queued.
        """
        with self._database.write() as session:
            hold(session, self._lease)
            self._change_trial(
                session, number, ("queued",), state="running", started_at=DatabaseTime()
            )

    def trial_completed(self, number: int, result: TrialResult) -> None:
        """Puts a trial's result on record, once.

        Raises:
            Conflict: the trial has finished already.
        """
        with self._database.write() as session:
            hold(session, self._lease)
            self._change_trial(
                session,
                number,
                _UNFINISHED,
                state="completed",
                finished_at=DatabaseTime(),
                **_fields(result),
            )

    def trial_reused(
        self, number: int, result: TrialResult, source: TrialSource, seed: int
    ) -> None:
        """Puts on record a result that another job's trial had, once.

        Args:
            number: of the trial, which has not been started.
            result: what the other one measured; its artifact is this job's own copy.
            source: the other one.
            seed: by which the other one was trained.

        Raises:
            Conflict: the trial is not queued.
        """
        with self._database.write() as session:
            hold(session, self._lease)
            self._change_trial(
                session,
                number,
                ("queued",),
                state="completed",
                finished_at=DatabaseTime(),
                seed=seed,
                reused_job=source.job,
                reused_trial=source.trial,
                **_fields(result),
            )

    def trial_stopped(
        self, number: int, curve: Sequence[float], duration_s: float, criterion: str | None
    ) -> None:
        """Puts on record that a trial was stopped as hopeless, and how far it had come.

        Raises:
            Conflict: the trial has finished already.
        """
        with self._database.write() as session:
            hold(session, self._lease)
            self._change_trial(
                session,
                number,
                _UNFINISHED,
                state="stopped",
                finished_at=DatabaseTime(),
                epochs=len(curve),
                curve=list(curve),
                duration_s=duration_s,
                criterion=criterion,
            )

    def trial_failed(self, number: int, error: Json) -> None:
        """Puts on record that a trial failed, and why (a problem).

        Raises:
            Conflict: the trial has finished already.
        """
        with self._database.write() as session:
            hold(session, self._lease)
            self._change_trial(
                session,
                number,
                _UNFINISHED,
                state="failed",
                finished_at=DatabaseTime(),
                error=error,
            )

    def add_student(self, student: NewStudent, best: bool) -> str:
        """Puts a student with its files on record and, if `best`, makes it the job's best.

        Returns:
            The student's id.
        """
        student_id = new_id(STUDENT)
        fields = _fields(student)
        del fields["files"]
        with self._database.write() as session:
            job = hold(session, self._lease)
            session.add(
                Student(id=student_id, job_id=job.id, owner=job.owner, best=False, **fields)
            )
            session.flush()
            session.add_all(StudentFile(student_id=student_id, **_fields(f)) for f in student.files)
            if best:
                self._make_best(session, student_id)
        return student_id

    def set_best(self, student_id: str) -> None:
        """Makes another of the job's students its best.

        Raises:
            Conflict: the job has no such student.
        """
        with self._database.write() as session:
            hold(session, self._lease)
            self._make_best(session, student_id)

    def finish(
        self,
        state: EndState,
        error: Json | None = None,
        embedding: NewEmbedding | None = None,
        stage: str | None = None,
    ) -> None:
        """Ends or pauses the job and lets it go, in one transaction; its `stage` may say more.

        Trials that have not finished are cancelled; of a paused job they wait in the queue. Since
        the pause was read, the user may have asked for something else, and was told that it is
        accepted: a job to cancel is cancelled then, and one that was resumed is queued again.
        """
        with self._database.write() as session:
            job = hold(session, self._lease)
            end_job(session, job, _INSTEAD_OF_PAUSE[job.command] if state == "paused" else state)
            job.error, job.stage = error, stage or job.stage
            if embedding is not None:
                row = Embedding(id=new_id(EMBEDDING), **_fields(embedding))
                row.job_id, row.owner = job.id, job.owner
                session.add(row)

    def _make_best(self, session: Session, student_id: str) -> None:
        of_job = update(Student).where(Student.job_id == self._lease.job_id)
        session.execute(of_job.where(Student.best).values(best=False))
        changed = session.scalar(
            of_job.where(Student.id == student_id).values(best=True).returning(Student.id)
        )
        if changed is None:
            raise Conflict(f"{self._lease.job_id} has no student {student_id}")

    def _change_trial(
        self, session: Session, number: int, allowed: Sequence[str], **values: object
    ) -> None:
        changed = session.scalar(
            update(Trial)
            .where(
                Trial.job_id == self._lease.job_id,
                Trial.number == number,
                Trial.state.in_(allowed),
            )
            .values(**values)
            .returning(Trial.number),
            execution_options={"synchronize_session": False},
        )
        if changed is None:
            raise Conflict(f"trial {number} of {self._lease.job_id} is not {' or '.join(allowed)}")


def end_job(session: Session, job: Job, state: EndState | Literal["queued"]) -> None:
    """Ends, pauses or queues a job whose row this transaction has locked: state, trials, lease."""
    job.state = job.stage = state
    job.command = job.lease_owner = job.lease_until = None
    goes_on = state in ("paused", "queued")
    rest = "queued" if goes_on else "cancelled"
    session.execute(
        update(Trial).where(Trial.job_id == job.id, Trial.state.in_(_UNFINISHED)).values(state=rest)
    )
    if not goes_on:
        session.execute(_job(job.id).values(finished_at=DatabaseTime()))


def _job(job_id: str) -> Update:
    return update(Job).where(Job.id == job_id)


def _fields(record: object) -> dict[str, object]:
    return {f.name: getattr(record, f.name) for f in dataclasses.fields(record)}  # type: ignore[arg-type]
