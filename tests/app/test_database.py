import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, make_url, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.database import Database
from app.jobs import get_job, get_overview
from app.leases import Lease
from app.problems import NotFound, NotReady
from app.tables import Job, Table, Trial
from tests.app.samples import held_job, new_job, new_trial


def test_migrations_make_the_tables_of_the_models(empty_url: str) -> None:
    database = Database(empty_url)
    with pytest.raises(NotReady, match="stillhouse db upgrade"):
        database.check()
    database.upgrade()
    database.upgrade()
    database.check()
    with database.read() as session:
        context = MigrationContext.configure(
            session.connection(), opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Table.metadata) == []
    database.close()


def test_several_processes_may_migrate_at_once_from_any_folder(
    empty_url: str, tmp_path: Path
) -> None:
    program = f"from app.database import Database; Database({empty_url!r}).upgrade()"
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    started = [
        subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, env=environment)
        for _ in range(3)
    ]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
    database = Database(empty_url)
    database.check()
    database.close()


def test_another_revision_is_not_ready(own_database: Database) -> None:
    with own_database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NotReady, match="revision 9999"):
        own_database.check()


def test_a_database_out_of_reach_is_not_ready() -> None:
    database = Database("postgresql://nobody:secret@127.0.0.1:1/none")
    with pytest.raises(NotReady, match="can't be reached") as caught:
        database.check()
    assert "secret" not in str(caught.value)


def test_a_network_that_swallows_everything_surfaces(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    for begin in (database.read, database.write):
        with begin() as session:
            assert session.scalar(text("SHOW statement_timeout")) == "20s"
            connection = session.connection().connection.driver_connection
            assert connection is not None
            parameters = connection.info.get_parameters()
        assert parameters["tcp_user_timeout"] == "15000"
        silent_s = int(parameters["keepalives_idle"]) + int(
            parameters["keepalives_interval"]
        ) * int(parameters["keepalives_count"])
        assert silent_s < 20
    database.close()


def test_the_url_may_set_other_timeouts(postgresql_url: str) -> None:
    other = make_url(postgresql_url).update_query_dict(
        {"options": "-c statement_timeout=50ms", "keepalives_idle": "7"}
    )
    database = Database(other.render_as_string(hide_password=False))
    with pytest.raises(OperationalError), database.read() as session:
        session.execute(text("SELECT pg_sleep(20)"))
    database.close()


def test_a_migration_may_take_its_time(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def note(config: Config, _: str) -> None:
        seen.append(config.attributes["connection"].scalar(text("SHOW statement_timeout")))

    monkeypatch.setattr("alembic.command.upgrade", note)
    database = Database(postgresql_url)
    database.upgrade()
    database.close()
    assert seen == ["0"]


def test_a_write_is_whole_or_not_at_all(database: Database) -> None:
    job_id = new_job(database)

    def write_and_fail() -> None:
        with database.write() as session:
            session.execute(update(Job).values(stage="half"))
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with database.read() as session:
        assert get_job(session, job_id).stage == "queued"


def test_a_read_changes_nothing(database: Database) -> None:
    job_id = new_job(database)
    with database.read() as session:
        row = session.get(Job, job_id)
        assert row is not None
        row.stage = "changed"
    with database.read() as session:
        assert get_job(session, job_id).stage == "queued"


def test_a_read_sees_one_snapshot_while_others_write(database: Database) -> None:
    job_id = new_job(database)
    with database.read() as reader:
        assert get_job(reader, job_id).stage == "queued"
        with database.write() as writer:
            writer.execute(update(Job).values(stage="later"))
        reader.expire_all()
        assert get_job(reader, job_id).stage == "queued"


def test_foreign_keys_hold(database: Database) -> None:
    def add_a_stray_trial() -> None:
        with database.write() as session:
            session.add(
                Trial(
                    job_id="job_none",
                    number=0,
                    state="queued",
                    hash="h",
                    edits={},
                    params=1,
                    macs=1,
                    bytes=1,
                    seed=1,
                )
            )

    with pytest.raises(IntegrityError):
        add_a_stray_trial()


def test_sqlite_is_in_wal_mode(sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


_INCREMENTS = 25
_PROGRAM = """
import sys
from sqlalchemy import select
from app.database import Database
from app.job_writer import JobWriter
from app.leases import Lease
from app.records import NewTrial
from app.tables import Job

url, first, other_id, job_id, owner, fence = sys.argv[1:]
database = Database(url)
writer = JobWriter(database, Lease(job_id, owner, int(fence)))
sys.stdin.readline()
for number in range(int(first), int(first) + {increments}):
    writer.add_trials([NewTrial(number, str(number), {{}}, 1, 1, 1, 1)], None)
    writer.trial_started(number)
    with database.write() as session:
        job = session.scalars(select(Job).where(Job.id == other_id).with_for_update()).one()
        job.stage = str(int(job.stage) + 1)
"""


def _start(url: str, first: int, other_id: str, lease: Lease) -> "subprocess.Popen[bytes]":
    program = _PROGRAM.format(increments=_INCREMENTS)
    arguments = [url, str(first), other_id, lease.job_id, lease.owner, str(lease.fence)]
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_three_processes_write_at_once_and_lose_nothing(
    database: Database, database_url: str
) -> None:
    lease, writer = held_job(database)
    writer.add_trials([new_trial(0)], None)
    other_id = new_job(database)
    with database.write() as session:
        session.execute(update(Job).where(Job.id == other_id).values(stage="0"))
    started = [_start(database_url, 1000 * n, other_id, lease) for n in (1, 2, 3)]
    # All are told to begin before any is waited for.
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in started:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    with database.read() as session:
        assert get_job(session, other_id).stage == str(3 * _INCREMENTS)
        assert get_overview(session, lease.job_id).progress.running == 3 * _INCREMENTS
        assert len(session.scalars(select(Trial)).all()) == 3 * _INCREMENTS + 1


def test_the_models_are_at_the_revision_that_is_checked(database: Database) -> None:
    with database.read() as session:
        names = set(inspect(session.connection()).get_table_names())
    assert names == {table.name for table in Table.metadata.sorted_tables} | {"alembic_version"}


def test_a_short_look_at_sqlite_takes_no_thread_and_any_other_does(database: Database) -> None:
    job_id = new_job(database)

    def read(session: Session) -> tuple[str, int]:
        return get_job(session, job_id).id, threading.get_ident()

    async def look() -> list[tuple[str, int]]:
        return [await database.look(read), await database.look(read, is_short=False)]

    here = threading.get_ident()
    short, long = asyncio.run(look())
    assert short[0] == long[0] == job_id
    assert (short[1] == here) == database.url.startswith("sqlite")
    assert long[1] != here


def test_a_look_that_has_to_wait_does_so_in_a_thread(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/stillhouse.db")
    database.upgrade()
    job_id = new_job(database)
    database.close()  # the last connection: only then can the file be locked against readers
    with closing(sqlite3.connect(tmp_path / "stillhouse.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE jobs SET stage = 'held'")

        async def look() -> tuple[str, float]:
            clock = asyncio.get_running_loop().time
            began = clock()
            looking = asyncio.create_task(database.look(lambda one: get_job(one, job_id).stage))
            await asyncio.sleep(0.1)
            others_waited_s = clock() - began
            assert not looking.done()
            other.execute("COMMIT")
            other.close()  # lets go of the lock
            return await looking, others_waited_s

        stage, others_waited_s = asyncio.run(look())
    assert stage == "held"
    assert others_waited_s < 15  # half as long as a thread would wait
    database.close()


def test_what_is_wrong_with_a_look_is_told(database: Database) -> None:
    async def look() -> str:
        return await database.look(lambda session: get_job(session, "none").id)

    with pytest.raises(NotFound):
        asyncio.run(look())
