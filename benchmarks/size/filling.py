"""Fills the tables: many jobs in all states, and one whose search is by far the longest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from app.database import Database
from app.ids import JOB, STUDENT, new_id
from app.requests import JobRequest
from app.tables import Job, JobTeacher, Student, StudentFile, Table, Trial

_CHUNK = 2000  # rows at once
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_TEACHER = {
    "params": 272_474,
    "macs": 40_000_000,
    "bytes": 1_100_000,
    "accuracy": 0.98,
    "weights_key": "weights",
    "architecture_key": "architecture",
    "splits_key": "splits",
    "precision": {},
    "preprocessing": {},
}
_SPACE = 6561  # different candidates
_CURVE = [0.61, 0.74, 0.81, 0.86, 0.88]
_FILES = ("student.pt2", "student.onnx", "student.safetensors", "architecture.json")
RECIPE = "recipe"


@dataclass(frozen=True)
class Filled:
    """What is on record now.

    Attributes:
        longest: the job of many trials, searching, its last `waiting` trials not ended.
        usual: a finished job of few trials.
    """

    longest: str
    usual: str


def fill(database: Database, jobs: int, trials: int, longest: int) -> Filled:
    """Puts jobs and trials on record, past the API.

    Most jobs have succeeded; every 50th waits in the queue, every 500th is held by a coordinator.

    Args:
        database: empty.
        jobs: how many.
        trials: of all jobs together.
        longest: trials of one job in the middle, of which the last two are running.
    """
    ids = [new_id(JOB) for _ in range(jobs)]
    middle = jobs // 2
    each = (trials - longest) / (jobs - 1)
    done = 0
    with database.write() as session:
        for start in range(0, jobs, _CHUNK):
            numbers = range(start, min(start + _CHUNK, jobs))
            session.execute(insert(Job), [_job(ids[n], n, n == middle) for n in numbers])
            of_teacher = [_TEACHER | {"job_id": ids[n]} for n in numbers]
            session.execute(insert(JobTeacher), of_teacher)
    rows: list[dict[str, object]] = []
    with database.write() as session:
        for number, job_id in enumerate(ids):
            share = longest if number == middle else round(each * (number + 1)) - done
            done += 0 if number == middle else share
            rows += _trials(job_id, share, number == middle)
            if len(rows) >= _CHUNK or number == jobs - 1:
                session.execute(insert(Trial), rows)
                rows = []
        _students(session, ids)
    _settle_down(database)
    return Filled(ids[middle], ids[middle + 1])


def _job(job_id: str, number: int, is_longest: bool) -> dict[str, object]:
    held = is_longest or number % 500 == 0
    state = "searching" if held else "queued" if number % 50 == 1 else "succeeded"
    request = JobRequest.model_validate(
        {
            "name": f"job {number}",
            "teacher": {"network": "zoo/resnet20"},
            "dataset": {"name": "digits"},
            "search": {"evaluations": 10_000 if is_longest else 40},
        }
    )
    created_at = _FIRST + timedelta(minutes=number)
    return {
        "id": job_id,
        "state": state,
        "stage": state,
        "request": request.to_json(),
        "created_at": created_at,
        "lease_owner": "another" if held and not is_longest else None,
        "lease_until": datetime.now(UTC) + timedelta(days=1) if held and not is_longest else None,
    }


def _trials(job_id: str, share: int, is_longest: bool) -> Iterator[dict[str, object]]:
    for number in range(share):
        running = is_longest and number >= share - 2
        of_space = (number * 2741) % _SPACE
        accuracy = None if running else 0.7 + 0.28 * (number * 7919 % 10_007) / 10_007
        yield {
            "job_id": job_id,
            "number": number,
            "state": "running" if running else "completed",
            "hash": f"{of_space + _SPACE * (number // _SPACE):064x}",
            "edits": {"widths": {f"layer{n // 3}.{n % 3}.conv": 8 + n for n in range(20)}},
            "params": 10_000 + of_space * 40,
            "macs": 1_000_000 + of_space * 5000 + number % 997,
            "bytes": 40_000 + of_space * 160,
            "seed": number,
            "accuracy": accuracy,
            "score": accuracy,
            "epochs": None if running else 5,
            "duration_s": None if running else 12.5,
            "weights_key": None if running else f"jobs/{job_id}/trials/{number}-1-1.safetensors",
            "recipe_hash": RECIPE,
            "curve": None if running else _CURVE,
        }


def _students(session: Session, ids: list[str]) -> None:
    """Gives every job a best student with its files."""
    for start in range(0, len(ids), _CHUNK):
        of_jobs = {job_id: new_id(STUDENT) for job_id in ids[start : start + _CHUNK]}
        session.execute(
            insert(Student),
            [
                {
                    "id": student_id,
                    "job_id": job_id,
                    "trial_number": 0,
                    "final": True,
                    "best": True,
                    "accuracy": 0.97,
                    "score": 0.95,
                    "params": 9000,
                    "macs": 10**6,
                    "bytes": 36_000,
                }
                for job_id, student_id in of_jobs.items()
            ],
        )
        session.execute(
            insert(StudentFile),
            [
                {"student_id": student_id, "name": name, "key": "key", "bytes": 1, "sha256": "f"}
                for student_id in of_jobs.values()
                for name in _FILES
            ],
        )


def _settle_down(database: Database) -> None:
    """Gives PostgreSQL the statistics that it would soon have; SQLite stays as it is."""
    if database.url.startswith("sqlite"):
        return
    with database.write() as session:
        for table in Table.metadata.sorted_tables:
            session.execute(text(f"ANALYZE {table.name}"))
