"""The stores: the database and its clock, the artifact store, and what was put in the queue."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url, select

from app.artifacts import Artifacts
from app.checks.findings import Finding
from app.clock import DatabaseTime
from app.database import Database
from app.ids import random_name
from app.liveness import liveness
from app.problems import NotReady
from app.settings import Settings
from app.storage import nearest

_DATABASE, _CLOCK, _ARTIFACTS, _QUEUE = "database", "clock", "artifacts", "coordinator"
_MOST_APART_S = 2.0  # leases last 30 s, and keys and time stamps go by the database's clock
_LONG_S = 60.0  # a free coordinator takes a job within a second or two
_MIB = 2**20
_UPGRADE = "`stillhouse db upgrade`"


def look_at_database(settings: Settings) -> Iterator[Finding]:
    """Yields whether the database answers and has this version's tables, and how its clock is."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        told = f"there is none yet at {url.database}"
        remedy = f"`stillhouse serve` makes it, or {_UPGRADE}"
        yield Finding(_DATABASE, "warning", told, remedy)
        return
    database = Database(settings.database_url)
    try:
        database.check()
    except NotReady as error:
        words = str(error).partition(": run ")[0]
        is_there = "revision" in words
        remedy = _UPGRADE if is_there else "start it, or see to STILLHOUSE_DATABASE_URL"
        yield Finding(_DATABASE, "wrong", words, remedy)
        return
    yield Finding(_DATABASE, "ok", f"{database.url} answers and is at the newest revision")
    yield _clock(database)
    yield _queue(database)
    database.close()


def look_at_artifacts(settings: Settings) -> Finding:
    """Returns whether a file can be put, read and deleted; what it puts is gone then."""
    artifacts = Artifacts(settings.artifacts_url)
    folder = artifacts.local_folder
    if folder is not None and not folder.is_dir():
        place = nearest(folder)
        if not place.is_dir():
            return Finding(_ARTIFACTS, "wrong", f"{place} is no folder", "STILLHOUSE_ARTIFACTS_URL")
        told = f"{folder} isn't there yet; it is made with the first file"
        return Finding(_ARTIFACTS, "warning", told)
    key, data = f"doctor-{random_name()}", b"a probe of `stillhouse doctor`"
    try:
        artifacts.put_bytes(key, data)
        if artifacts.read_bytes(key) != data:
            told = f"{artifacts.url} gives another file back than was put"
            return Finding(_ARTIFACTS, "wrong", told, "see to STILLHOUSE_ARTIFACTS_URL")
    finally:
        artifacts.delete(key)
    if artifacts.exists(key):
        return Finding(_ARTIFACTS, "wrong", f"{artifacts.url} doesn't delete files", "its rights")
    most = settings.max_artifacts_bytes
    if most and (used := sum(file.bytes for file in artifacts.files())) > most - _MIB:
        told = f"they take {used / _MIB:,.1f} MiB of the {most / _MIB:,.1f} MiB that they may"
        remedy = "STILLHOUSE_MAX_ARTIFACTS_BYTES is too small, or `stillhouse db prune` is due"
        return Finding(_ARTIFACTS, "wrong", f"{told}: uploads and jobs are refused", remedy)
    return Finding(_ARTIFACTS, "ok", f"{artifacts.url} takes, gives back and deletes files")


def _clock(database: Database) -> Finding:
    with database.read() as session:
        before = datetime.now(UTC)
        theirs = session.execute(select(DatabaseTime())).scalar_one()
        middle = before + (datetime.now(UTC) - before) / 2
    apart_s = (theirs - middle).total_seconds()
    if abs(apart_s) <= _MOST_APART_S:
        return Finding(_CLOCK, "ok", f"the database's and this machine's agree ({apart_s:+.2f} s)")
    told = f"the database's is {abs(apart_s):.1f} s {'ahead' if apart_s > 0 else 'behind'}"
    return Finding(_CLOCK, "warning", told, "have both machines follow an NTP server")


def _queue(database: Database) -> Finding:
    with database.read() as session:
        found = liveness(session)
    if found.working:
        return Finding(_QUEUE, "ok", f"jobs being worked on: {found.working}")
    if found.oldest_waiting_s is None:
        return Finding(_QUEUE, "ok", "nothing waits for one")
    told = f"jobs that wait: {found.waiting}, the oldest for {found.oldest_waiting_s:.0f} s"
    if found.oldest_waiting_s < _LONG_S:
        return Finding(_QUEUE, "ok", told)
    remedy = "`stillhouse serve`, or `stillhouse coordinator` beside a Ray; its log says more"
    return Finding(_QUEUE, "wrong", f"{told}, and nobody works on any", remedy)
