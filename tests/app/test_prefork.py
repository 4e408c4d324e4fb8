import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import psutil
import pytest

from tests.stillhouse.processes import eventually, gone

# Each process answers who connects with its number, its id and how many sockets it has open.
PROGRAM = """
import logging, os, signal, socket, sys, threading, time
from pathlib import Path
import psutil
import app.prefork
from app.listeners import listen
logging.basicConfig(format="%(message)s")
for name, value in {constants!r}.items():
    setattr(app.prefork, name, value)

def answer(crew, sockets):
    while True:
        connection, _ = sockets[0].accept()
        with connection:
            open_ones = len(psutil.Process().net_connections("tcp"))
            here = [crew.number, os.getpid(), open_ones, *crew.roll.pids()]
            connection.sendall(" ".join(map(str, here)).encode())

def serve(crew, sockets):
    {serve}
    return answer(crew, sockets)

{before}
shares = listen("127.0.0.1", 0, {number}, 64)
prefork = app.prefork.Prefork(serve, shares, Path({folder!r}), {end_within_s}, 0.05)
told = prefork.run(lambda: print(shares[0][0].getsockname()[1], flush=True))
print(told, threading.active_count(), flush=True)
"""


@dataclass
class Running:
    """A program that forks, what it says, and its port."""

    process: "subprocess.Popen[str]"
    port: int
    log: list[str] = field(default_factory=list)

    def ask(self) -> list[int]:
        """Returns what one of the processes answers."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            return [int(word) for word in connection.recv(1000).split()]

    def all_of_them(self, number: int) -> dict[int, int]:
        """Returns the ids of so many processes by their numbers, once all of them answer."""
        found: dict[int, int] = {}
        deadline = time.monotonic() + 20
        while len(found) < number and time.monotonic() < deadline:
            place, pid, *_ = self.ask()
            found[place] = pid
        return found

    def children(self) -> list[psutil.Process]:
        found: list[psutil.Process] = psutil.Process(self.process.pid).children()
        return found

    def end(self, told: signal.Signals) -> list[str]:
        """Returns what it said at last."""
        self.process.send_signal(told)
        self.process.wait(20)
        assert self.process.stdout is not None
        return self.process.stdout.read().split()


@contextmanager
def running(
    folder: Path,
    number: int = 2,
    serve: str = "pass",
    end_within_s: float = 10,
    before: str = "",
    **constants: float,
) -> Iterator[Running]:
    about = {"folder": str(folder), "number": number, "serve": serve, "constants": constants}
    about["before"] = before
    program = PROGRAM.format(**about, end_within_s=end_within_s)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        found = Running(process, int(process.stdout.readline()))
        reader = Thread(target=found.log.extend, args=(process.stderr,))
        reader.start()
        try:
            yield found
        finally:
            process.kill()
            reader.join()


def test_each_answers_at_its_own_socket_and_knows_the_others(tmp_path: Path) -> None:
    with running(tmp_path, 3) as found:
        by_number = found.all_of_them(3)
        assert sorted(by_number) == [1, 2, 3]
        number, pid, open_ones, *roll = found.ask()
        assert roll == [found.process.pid, *(by_number[n] for n in (1, 2, 3))]
        assert by_number[number] == pid
        assert open_ones == 2  # which listens, and which it answers to
        children = found.children()
        assert {one.pid for one in children} == set(by_number.values())
        assert found.end(signal.SIGTERM) == [str(int(signal.SIGTERM)), "1"]
        assert gone(children)
    assert found.log == []


def test_one_that_dies_is_replaced_and_who_waits_for_it_is_answered(tmp_path: Path) -> None:
    with running(tmp_path) as found:
        before = found.all_of_them(2)
        stopped = psutil.Process(before[1])
        stopped.suspend()
        assert eventually(lambda: stopped.status() == psutil.STATUS_STOPPED)
        waiting = [
            socket.create_connection(("127.0.0.1", found.port), timeout=20) for _ in range(20)
        ]
        stopped.kill()
        answers = [[int(word) for word in one.recv(1000).split()] for one in waiting]
        for one in waiting:
            one.close()
        after = found.all_of_them(2)
        assert after[2] == before[2]
        assert after[1] != before[1]
        assert {pid for _, pid, *_ in answers} == set(after.values())
        found.end(signal.SIGTERM)
    (line,) = found.log
    assert line.startswith("process 1 of 2 was ended by SIGKILL after 0 s; another takes its place")


def test_what_a_dead_one_held_is_forgotten_and_what_it_counted_is_not(tmp_path: Path) -> None:
    kept, gone = tmp_path / "counter_2.db", tmp_path / "gauge_livesum_2.db"
    others = tmp_path / "gauge_livesum_1.db"
    with running(tmp_path) as found:
        for file in (kept, gone, others):
            file.touch()
        psutil.Process(found.all_of_them(2)[2]).kill()
        assert eventually(lambda: not gone.exists())
    assert kept.exists()
    assert others.exists()


def test_one_that_dies_again_and_again_is_put_off(tmp_path: Path) -> None:
    # The second only dies by a signal: it is none that could not start.
    serve = "if crew.number == 2: os.kill(os.getpid(), signal.SIGKILL)"
    with running(tmp_path, serve=serve, _LONGEST_PAUSE_S=0.4) as found:
        assert eventually(lambda: len(found.log) >= 5)
        assert found.process.poll() is None
        found.end(signal.SIGTERM)
    assert [line.split()[-2] for line in found.log[:5]] == ["0.05", "0.1", "0.2", "0.4", "0.4"]


def test_all_end_where_one_dies_for_ever(tmp_path: Path) -> None:
    serve = "if crew.number == 2: os.kill(os.getpid(), signal.SIGKILL)"
    with running(tmp_path, serve=serve, _LONGEST_PAUSE_S=0.05) as found:
        assert found.process.wait(20) == 0
        assert found.process.stdout is not None
        assert found.process.stdout.read().split() == ["0", "1"]
    assert len(found.log) == 12
    assert "who connects there waits in vain" in found.log[-1]


def test_all_end_where_no_process_can_be_started(tmp_path: Path) -> None:
    # What the system says where there are too many processes, which it lets root have.
    full = "def full(_): raise OSError(11, 'no more')\napp.prefork.forked = full"
    with running(tmp_path, before=full, _LONGEST_PAUSE_S=0.05) as found:
        assert found.process.wait(20) == 0
    assert "no process can be started" in found.log[0]
    assert "who connects there waits in vain" in found.log[-1]


def test_one_that_lived_long_is_replaced_soon_again(tmp_path: Path) -> None:
    with running(tmp_path, _STARTED_S=0.0) as found:
        for _ in range(2):
            psutil.Process(found.all_of_them(2)[1]).kill()
            before = len(found.log)
            assert eventually(lambda before=before: len(found.log) > before)  # type: ignore[misc]
        found.end(signal.SIGTERM)
    assert [line.split()[-2] for line in found.log] == ["0.05", "0.05"]


def test_all_end_where_one_of_the_first_can_not_start(tmp_path: Path) -> None:
    with running(tmp_path, serve="if crew.number == 2: return 1") as found:
        assert found.process.wait(20) == 0
        assert found.process.stdout is not None
        assert found.process.stdout.read().split() == ["0", "1"]
    assert found.log == []


def test_a_later_one_that_can_not_start_is_tried_again(tmp_path: Path) -> None:
    mark = tmp_path / "started"
    serve = f"mark = Path({str(mark)!r}); n = mark.stat().st_size if crew.number == 2 else 0"
    serve += "\n    if crew.number == 2: mark.write_bytes(b'.' * (n + 1))"
    serve += "\n    if n == 1: return 1"
    mark.touch()
    with running(tmp_path, serve=serve) as found:
        psutil.Process(found.all_of_them(2)[2]).kill()
        assert eventually(lambda: mark.stat().st_size == 3)
        assert sorted(found.all_of_them(2)) == [1, 2]
        found.end(signal.SIGTERM)
    assert ["SIGKILL" in line or "ended with 1" in line for line in found.log] == [True, True]


def test_the_processes_go_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    with running(tmp_path) as found:
        found.all_of_them(2)
        children = found.children()
        assert len(children) == 2
        found.process.kill()
        assert eventually(lambda: gone(children))


def test_one_that_does_not_end_is_ended_by_force(tmp_path: Path) -> None:
    serve = "signal.signal(signal.SIGTERM, lambda *_: None)"
    with running(tmp_path, serve=serve, end_within_s=0.3) as found:
        found.all_of_them(2)
        children = found.children()
        assert found.end(signal.SIGTERM)[0] == str(int(signal.SIGTERM))
        assert gone(children)


def test_they_are_told_once_by_the_first_ctrl_c_and_hurried_by_the_second(tmp_path: Path) -> None:
    told = tmp_path / "told"
    serve = f"""
    def tell(word):
        with open({str(told)!r}, "a") as file:
            file.write(word + " ")
    def handle(signum, _):
        if signum == signal.SIGINT:
            tell("SIGINT")
            os._exit(0)
        sockets[0].close()
        tell("SIGTERM")
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, handle)
    tell("up")
    while True:
        signal.pause()
"""

    def is_told(words: str) -> bool:
        return told.exists() and told.read_text() == words

    with running(tmp_path, 1, serve=serve) as found:
        assert eventually(lambda: is_told("up "))
        found.process.send_signal(signal.SIGINT)
        assert eventually(lambda: is_told("up SIGTERM "))
        with pytest.raises(ConnectionRefusedError):
            found.ask()  # the parent listens no more either
        assert found.end(signal.SIGINT)[0] == str(int(signal.SIGINT))
    assert is_told("up SIGTERM SIGINT ")
