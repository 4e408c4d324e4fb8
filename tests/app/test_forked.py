import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from tests.stillhouse.processes import eventually, gone

HEAD = """
import os, signal, sys, time
from app.forked import forked, outcome_of
"""


def _output(program: str) -> str:
    """Returns what a program prints that runs by itself, so that none of our threads is forked."""
    command = [sys.executable, "-c", HEAD + program]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    return done.stdout


@pytest.mark.parametrize(
    ("does", "code"),
    [
        ("0", 0),
        ("7", 7),
        ("sys.exit(3)", 3),
        ("sys.exit('a reason')", 1),
        ("1 / 0", 1),
        ("os.kill(os.getpid(), signal.SIGKILL)", 1),
    ],
)
def test_what_a_function_came_to_is_told_and_nothing_else_of_it_stays(does: str, code: int) -> None:
    program = f"""
import atexit
atexit.register(lambda: print("the parent's end"))
here = []
def run():
    here.append(1)
    return {does}
print("before")
print(outcome_of(run), here)
"""
    assert _output(program).splitlines() == ["before", f"{code} []", "the parent's end"]


def test_a_fork_ends_where_nobody_reads_what_it_says() -> None:
    program = """
def run():
    reading, writing = os.pipe()
    os.close(reading)
    sys.stdout = os.fdopen(writing, "w")
    print("x")  # written when it ends
    return 7
print(outcome_of(run))
"""
    assert _output(program) == "7\n"


def test_a_fork_needs_no_output() -> None:
    assert (
        _output("out = sys.stdout\nsys.stdout = None\nprint(outcome_of(lambda: 5), file=out)")
        == "5\n"
    )


@pytest.fixture
def parent() -> Iterator["subprocess.Popen[str]"]:
    program = HEAD + "print(forked(lambda: time.sleep(600)), flush=True)\ntime.sleep(600)"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("told", [signal.SIGKILL, signal.SIGTERM])
def test_a_fork_goes_with_its_parent(parent: "subprocess.Popen[str]", told: signal.Signals) -> None:
    assert parent.stdout is not None
    fork = psutil.Process(int(parent.stdout.readline()))
    assert fork.is_running()
    parent.send_signal(told)
    assert eventually(lambda: gone([fork]))
