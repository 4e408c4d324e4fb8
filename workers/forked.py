"""A function in a child process of this one, so that its end is seen: Ray tells no signal.

Of a worker process that is gone Ray says only that it is. Whoever forks a process is told by the
system which exit code or signal it ended with.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_VMSTAT = Path("/proc/vmstat")


class ProcessDied(Exception):
    """Raised when the child process ended before the function did; says how."""


def run_forked(function: Callable[[], object]) -> object:
    """Returns what the function does in a child process, which dies with this one.

    The child shares the memory of this process, and copies what either of them writes. It must use
    nothing that belongs to threads of this one: they aren't in it.

    Args:
        function: what it returns can be pickled, and it raises nothing.

    Raises:
        ProcessDied: the process ended before; with its exit code or signal.
    """
    killed_before = _killed_for_memory()
    parent = os.getpid()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_child(function, parent, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        answer = answers.read()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        raise ProcessDied(_words(code, killed_for_memory=_killed_for_memory() > killed_before))
    if not answer:
        raise ProcessDied("the process ended with exit code 0, but gave no result")
    value: object = pickle.loads(answer)  # noqa: S301 - of our own child
    return value


def _be_child(function: Callable[[], object], parent: int, writing: int) -> NoReturn:
    """Runs the function, writes its value, and ends without any of the parent's cleaning up."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the parent's way to end isn't the child's
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:  # it may have died before it could be watched
            gc.freeze()  # what the parent made isn't the child's to release
            answer = pickle.dumps(function(), protocol=pickle.HIGHEST_PROTOCOL)
            with os.fdopen(writing, "wb") as answers:
                answers.write(answer)
            code = 0
    except SystemExit as asked:
        code = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
    except BaseException:
        traceback.print_exc()  # into the worker's log: it can't be pickled, or is a bug here
        raise
    finally:
        os._exit(code)


def _words(code: int, *, killed_for_memory: bool) -> str:
    """Says what an exit code of `subprocess` means: negative ones are signals."""
    if code >= 0:
        return f"the process ended with exit code {code}"
    number = -code
    known = number in set(signal.Signals)
    name = f"signal {number}" + (f" ({signal.Signals(number).name})" if known else "")
    told = f"the process was killed by {name}"
    if number != signal.SIGKILL:
        return told
    if killed_for_memory:
        return f"{told}: its machine ran out of memory, and the kernel killed a process meanwhile"
    return f"{told}: by somebody, or by a limit of memory"


def _killed_for_memory() -> int:
    """Returns how many processes the kernel has killed for memory on this machine."""
    lines = _VMSTAT.read_text().splitlines() if _VMSTAT.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
