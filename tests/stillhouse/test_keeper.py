from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from stillhouse import keeper
from tests.stillhouse.processes import eventually, gone, tree

# A command with a daemon: the double fork leaves a sleeper in a session of its own.
DAEMON = """
import os, subprocess, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
os.wait()
print("ready", flush=True)
time.sleep(60)
"""
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready'); time.sleep(60)"


def keeping(*command: str, parent: int | None = None) -> list[str]:
    return [sys.executable, keeper.__file__, str(parent or os.getpid()), *command]


def python(source: str) -> tuple[str, ...]:
    return (sys.executable, "-u", "-c", source)


@pytest.fixture
def kept() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(keeping(*python(DAEMON)), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        processes = tree(process.pid)
        yield process
        for started in processes:
            with suppress(psutil.NoSuchProcess):
                started.kill()


@pytest.mark.parametrize(
    ("source", "code"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_the_exit_code_is_passed_on(source: str, code: int) -> None:
    assert subprocess.run(keeping(*python(source)), check=False).returncode == code


def test_a_daemon_ends_with_the_command(kept: subprocess.Popen[bytes]) -> None:
    processes = tree(kept.pid)
    assert len(processes) == 3
    os.kill(processes[1].pid, signal.SIGKILL)
    assert kept.wait(10) == 137
    assert gone(processes)


def test_a_daemon_ends_when_the_keeper_is_told_to_stop(kept: subprocess.Popen[bytes]) -> None:
    processes = tree(kept.pid)
    kept.terminate()
    assert kept.wait(10) == 143
    assert gone(processes)


def test_the_command_goes_with_a_keeper_that_is_killed(kept: subprocess.Popen[bytes]) -> None:
    command = min(psutil.Process(kept.pid).children(), key=lambda process: process.pid)
    kept.kill()
    assert eventually(lambda: gone([command]))


def test_everything_ends_when_the_keepers_parent_is_killed() -> None:
    starter = (
        "import os, subprocess, sys\n"
        f"command = [sys.executable, {keeper.__file__!r}, str(os.getpid()), sys.executable, '-u',\n"
        f"           '-c', {DAEMON!r}]\n"
        "subprocess.run(command)\n"
    )
    with subprocess.Popen(python(starter), stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        below = tree(parent.pid)[1:]
        assert len(below) == 3
        parent.kill()
        assert eventually(lambda: gone(below))


def test_a_command_that_will_not_stop_is_killed() -> None:
    source = f"""
import sys
from stillhouse import keeper
keeper.GRACE_S = 0.2
sys.exit(keeper.keep({os.getpid()}, [sys.executable, "-u", "-c", {STUBBORN!r}]))
"""
    with subprocess.Popen(python(source), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        processes = tree(process.pid)
        process.terminate()
        assert process.wait(10) == 143
        assert gone(processes)


def test_a_keeper_whose_parent_is_gone_already_runs_nothing(tmp_path: Path) -> None:
    made = tmp_path / "made"
    command = keeping(*python(f"open({str(made)!r}, 'w')"), parent=1)
    assert subprocess.run(command, check=False).returncode == 143
    assert not made.exists()
