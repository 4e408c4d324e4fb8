"""The API that is abused, in processes of its own, and what it holds of the machine."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory

import psutil

from app.services import Services
from app.settings import Settings
from benchmarks.abuse.round import Target
from benchmarks.api.mix import User
from benchmarks.api.past import users_with_a_past
from benchmarks.api_process import processes_of, running_api, taken_mb

_COMPLAINT = re.compile(rb"Task exception was never|without completing response")


@dataclass
class Server:
    """An API with two users, the first of which abuses it.

    Attributes:
        processes: its own, the first of which started the others.
        complaints: lines of its log that tell of an error that nobody expected.
    """

    processes: list[psutil.Process]
    port: int
    users: list[User]
    target: Target
    complaints: list[str] = field(default_factory=list)

    def holds(self) -> dict[str, float]:
        """Returns what the processes have: memory, open files and sockets, and threads.

        Connections to the database aren't counted: a pool keeps some of them. Nor are the files of
        metrics, of which each process makes a few when it first has something to count.
        """
        kept = sum(".db" in file.path for one in self.processes for file in one.open_files())
        return {
            "mb": round(taken_mb(self.processes), 1),
            "files": sum(one.num_fds() for one in self.processes) - kept,
            "threads": sum(one.num_threads() for one in self.processes),
        }

    def is_as_it_was(self) -> bool:
        """Returns whether no process has ended, be it that another took its place."""
        return all(one.is_running() for one in self.processes)


@contextmanager
def serving() -> Iterator[Server]:
    """Yields an API with its default settings, but for the rate of requests of one key."""
    with TemporaryDirectory(prefix="abuse-") as home:
        environment = os.environ | {
            "STILLHOUSE_HOME": home,
            "STILLHOUSE_PORT": "0",
            "STILLHOUSE_MAX_REQUESTS_PER_S": "0",
        }
        services = Services.open(Settings.from_environment(environment))
        services.database.upgrade()
        users = users_with_a_past(services.database, services.artifacts, 2)
        with running_api(environment) as (process, url, _):
            port = int(url.rpartition(":")[2])
            target = Target(port, users[0].key, _ids(users[0]))
            own = processes_of(psutil.Process(process.pid))
            server = Server(own, port, users, target)
            threading.Thread(target=_read_log, args=(process, server), daemon=True).start()
            yield server
        services.database.close()


def _ids(user: User) -> dict[str, str]:
    student, _, name = user.file.removeprefix("/v1/students/").partition("/files/")
    return {"job_id": user.jobs[0], "student_id": student, "name": Path(name).name}


def _read_log(process: "Popen[bytes]", server: Server) -> None:
    """Reads the log, or the process would wait for someone to."""
    assert process.stderr is not None
    is_traceback = False
    with suppress(ValueError):  # it is closed while it is read
        for line in process.stderr:
            is_traceback = is_traceback or line.startswith(b"Traceback")
            if is_traceback and not line.startswith((b" ", b"Traceback")):
                server.complaints.append(line.decode(errors="replace").strip())
                is_traceback = False
            elif _COMPLAINT.search(line):
                server.complaints.append(line.decode(errors="replace").strip())
