"""Runs one command and sees to it that nothing of it outlives this process or its parent.

`python keeper.py PARENT COMMAND …` starts the command and passes its exit code on. Everything
that the command starts stays below the keeper, daemons too, because the keeper adopts orphans
(Linux's child subreaper). It is all killed when the command ends, when the keeper is told to stop,
and when the keeper's parent dies, by SIGKILL too: the kernel then sends the keeper SIGTERM. Ray
needs this: some of its processes stay behind when `ray start` is killed.

The standard library alone is imported, as one of these runs beside every server.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import FrameType

# From <linux/prctl.h>.
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

# How long the command has to end by itself after SIGTERM.
GRACE_S = 8.0

_STOPS = (signal.SIGTERM, signal.SIGINT)

_libc = ctypes.CDLL(None, use_errno=True)


class _ToldToStop(Exception):
    """Raised in the keeper by SIGTERM or SIGINT."""


def die_with_parent(parent: int, sent: signal.Signals) -> None:
    """Has the kernel send this process a signal when its parent dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel was asked
        os.kill(os.getpid(), sent)


def children_of(pid: int) -> list[int]:
    """Returns the ids of a process's children, zombies left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:  # it ended meanwhile
            continue
        state, parent = stat.rpartition(")")[2].split()[:2]  # a name may hold spaces
        if int(parent) == pid and state != "Z":
            found.append(int(entry.name))
    return found


def kill_descendants() -> None:
    """Kills all below this process, generation by generation as orphans come up to it."""
    while children := children_of(os.getpid()):
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        _reap()
        time.sleep(0.01)
    _reap()


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _wait_for(pid: int) -> int:
    """Returns the exit code of a child, burying adopted orphans meanwhile."""
    while True:
        ended, status = os.wait()
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _ToldToStop


def _end_children() -> None:
    """Asks what runs below to end, and waits for it no longer than GRACE_S."""
    asked = children_of(os.getpid())
    for pid in asked:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while time.monotonic() < deadline and set(asked) & set(children_of(os.getpid())):
        time.sleep(0.02)


def keep(parent: int, command: Sequence[str]) -> int:
    """Returns the command's exit code (128 + signal if one killed it), with nothing left of it.

    Args:
        parent: The process whose end is the command's end too.
        command: What to run.
    """
    for told in _STOPS:
        signal.signal(told, _stop)
    try:
        die_with_parent(parent, signal.SIGTERM)
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        # The command goes with a keeper that is killed. (Nothing here has threads, as preexec_fn
        # requires.)
        fate = partial(die_with_parent, os.getpid(), signal.SIGKILL)
        return _wait_for(subprocess.Popen(command, preexec_fn=fate).pid)  # noqa: PLW1509
    except _ToldToStop:
        for told in _STOPS:
            signal.signal(told, signal.SIG_IGN)
        _end_children()
        return 128 + signal.SIGTERM
    finally:
        kill_descendants()


if __name__ == "__main__":
    sys.exit(keep(int(sys.argv[1]), sys.argv[2:]))
