"""Running a module on a stranger's file: in a child process with limits, which dies with us."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.confined import FILE_TOO_LARGE, OUT_OF_MEMORY, SURROUNDINGS

log = logging.getLogger(__name__)

BEAT_S = 0.25  # longest time in which a reason to stop goes unnoticed
MOST_ANSWER_BYTES = 256 * 2**10  # the API shows it
_LOGGED_BYTES = 4000
_CODE = Path(__file__).parents[1]
# All of the environment that a child gets: no secret of the settings is in it.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "CUDA_VISIBLE_DEVICES")


@dataclass(frozen=True)
class ChildLimits:
    """What a child process may take.

    Attributes:
        memory_bytes: private writable memory, of which about 1 GiB are the libraries' own.
        seconds: on the wall clock, and of processor time.
        file_bytes: size of one file that it writes.
    """

    memory_bytes: int
    seconds: float
    file_bytes: int


class ChildFailed(Exception):
    """Raised when a child process met a limit, died, or gave no answer; says which."""


def run_child(
    module: str,
    document: Mapping[str, Any],
    limits: ChildLimits,
    folder: Path,
    beat: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Returns the object that the module's `main` prints as one line of JSON.

    Args:
        module: such as `workers.teacher_check`; it reads the document on standard input.
        document: JSON.
        limits: what it may take.
        folder: its working folder, which the caller empties afterwards.
        beat: called every moment; what it raises ends the child.

    Raises:
        ChildFailed: there is no such object; the message is for the user.
        OSError: the disk under it is full or broken, which is no fault of the document's.
    """
    asked, answered, said = (folder / name for name in ("stdin", "stdout", "stderr"))
    asked.write_text(json.dumps(document))
    with asked.open("rb") as stdin, answered.open("wb") as stdout, said.open("wb") as stderr:
        child = subprocess.Popen(
            # -P: nothing is imported from the working folder, where a stranger's files are.
            [sys.executable, "-P", "-m", "workers.confined", _told(limits), module],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
        )
        try:
            _wait(child, limits, beat)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    _expect_success(child, limits, said)
    return _answer(answered)


def _told(limits: ChildLimits) -> str:
    told = {
        "memory_bytes": limits.memory_bytes,
        "processor_s": max(int(limits.seconds), 1),
        "file_bytes": limits.file_bytes,
        "parent": os.getpid(),
    }
    return json.dumps(told)


def _environment(folder: Path) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    home = {"HOME": str(folder), "TMPDIR": str(folder), "USER": "nobody"}
    return passed_on | home | {"PYTHONPATH": str(_CODE), "OMP_NUM_THREADS": "1"}


def _wait(child: subprocess.Popen[bytes], limits: ChildLimits, beat: Callable[[], None]) -> None:
    end = time.monotonic() + limits.seconds
    while child.poll() is None:
        beat()
        left = end - time.monotonic()
        if left <= 0:
            raise ChildFailed(f"it takes longer than {limits.seconds:g} seconds")
        try:
            child.wait(min(BEAT_S, left))
        except subprocess.TimeoutExpired:
            continue


def _expect_success(child: subprocess.Popen[bytes], limits: ChildLimits, said: Path) -> None:
    code = child.returncode
    if code == 0:
        return
    with said.open("rb") as file:
        file.seek(max(said.stat().st_size - _LOGGED_BYTES, 0))
        words = file.read().decode(errors="replace")
    log.warning("a child process ended with %d: %s", code, words)
    memory = f"{limits.memory_bytes / 2**30:.3g} GiB of memory"
    if code == OUT_OF_MEMORY:
        raise ChildFailed(f"it takes more than {memory}")
    if code == SURROUNDINGS:
        raise OSError(errno.EIO, f"a child process met a full or broken disk: {words[-200:]}")
    if code == FILE_TOO_LARGE:
        raise ChildFailed(f"it would write a file of more than {limits.file_bytes} bytes")
    if code == -signal.SIGXCPU:
        raise ChildFailed(f"it takes more than {limits.seconds:g} seconds of processor time")
    if code < 0:
        name = signal.Signals(-code).name
        raise ChildFailed(f"it was ended by {name}; it may take more than {memory}")
    last = words.strip().rpartition("\n")[2][:500]
    raise ChildFailed(f"an unexpected error: {last}" if last else f"it ended with {code}")


def _answer(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MOST_ANSWER_BYTES:
        raise ChildFailed("its answer is too long")
    try:
        answer = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ChildFailed("its answer is no JSON") from error
    if not isinstance(answer, dict):
        raise ChildFailed("its answer is no object")
    return answer
