"""`python -m workers.confined LIMITS MODULE`: runs a module within limits, without a network.

LIMITS is JSON: `memory_bytes`, `processor_s`, `file_bytes`, and the `parent` with whom it dies. The
process limits itself before anything else is imported; its exit code tells which limit it met.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import runpy
import signal
import sys
from contextlib import suppress
from pathlib import Path

OUT_OF_MEMORY = 70
FILE_TOO_LARGE = 71
SURROUNDINGS = 72
OPEN_FILES = 256
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
# What torch, ONNX and NumPy say when they get no memory; none of them raises MemoryError alone.
_NO_MEMORY = (
    "can't allocate memory",
    "not enough memory",
    "bad_alloc",
    "Cannot allocate memory",
    "failed to map",
)
# What safetensors says, which raises an error of its own: ENOSPC, EDQUOT and EIO.
_BROKEN_DISK = ("(os error 28)", "(os error 122)", "(os error 5)")
_BROKEN_DISK_CODES = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def confine(limits: dict[str, int]) -> None:
    """Limits this process for good.

    Memory is limited as private writable pages (RLIMIT_DATA): libraries map several GiB of address
    space that they never touch, so that RLIMIT_AS would say nothing.
    """
    _die_with(limits["parent"])
    _die_first()
    for kind, value in (
        (resource.RLIMIT_DATA, limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))
    # At the soft limit SIGXCPU comes, which tells why; where both are one, SIGKILL does.
    seconds = limits["processor_s"]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    _leave_the_network()


def main() -> int:
    """Runs the module; returns the exit code."""
    confine(json.loads(sys.argv[1]))
    try:
        runpy.run_module(sys.argv[2], run_name="__main__")
    except Exception as error:
        code = _met_limit(error)
        if code is None:
            raise
        sys.stderr.write(f"{error}\n")
        return code
    return 0


def _met_limit(error: BaseException) -> int | None:
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return FILE_TOO_LARGE
    if isinstance(error, OSError) and error.errno in _BROKEN_DISK_CODES:
        return SURROUNDINGS
    if type(error).__name__ == "SafetensorError" and any(
        words in str(error) for words in _BROKEN_DISK
    ):
        return SURROUNDINGS
    if isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY):
        return OUT_OF_MEMORY
    return None


def _die_with(parent: int) -> None:
    """Has the kernel kill this process when the thread that started it ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the process that asked for this is gone")


def _die_first() -> None:
    """Has the kernel end this process before any other when the machine runs out of memory."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _leave_the_network() -> None:
    """Moves into a network of its own, without an interface, where the kernel allows it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


if __name__ == "__main__":
    sys.exit(main())
