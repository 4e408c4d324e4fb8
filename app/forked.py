"""Processes that are copies of this one: they run one function, and end when this one does."""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from app.exit_code import FAILED

_log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_libc = ctypes.CDLL(None)


def forked(run: Callable[[], int]) -> int:
    """Returns the id of a new process, which ends with what `run` returns there.

    It is killed when this process ends. This one must have no other threads, and nothing open that
    two processes can't use at once.
    """
    parent = os.getpid()
    _flush()
    pid = os.fork()
    if pid:
        return pid
    code = FAILED
    try:
        _die_with(parent)
        code = run()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else FAILED
    except BaseException:  # noqa: BLE001 - whatever it is, nothing of the parent's is to run here
        _log.exception("process %d can't go on", os.getpid())
    finally:
        try:
            _flush()
        finally:  # whoever reads may have gone
            os._exit(code)


def outcome_of(run: Callable[[], int]) -> int:
    """Returns what a function returns in a process of its own, of which nothing stays here.

    It is `FAILED` where that was killed.
    """
    _, status = os.waitpid(forked(run), 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else FAILED


def _flush() -> None:
    """Writes what is kept to be written: a copy of it in the other process would be written too."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by who started this process
            with suppress(OSError):
                stream.flush()


def _die_with(parent: int) -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel was asked
        os.kill(os.getpid(), signal.SIGKILL)
