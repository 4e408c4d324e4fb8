import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from workers.forked import ProcessDied, run_forked

LONG_S = 60.0


def test_the_value_comes_back_from_another_process() -> None:
    large = b"x" * 2**20
    assert run_forked(lambda: (os.getppid(), large)) == (os.getpid(), large)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), r"signal 9 \(SIGKILL\)"),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), r"signal 15 \(SIGTERM\)$"),
        (lambda: os._exit(7), "exit code 7$"),
        (lambda: sys.exit(3), "exit code 3$"),
        (lambda: os._exit(0), "exit code 0, but gave no result"),
    ],
)
def test_how_the_process_ended_is_told(end: Callable[[], object], words: str) -> None:
    with pytest.raises(ProcessDied, match=words):
        run_forked(end)


def test_a_signal_ends_the_child_whatever_the_parent_does_at_it() -> None:
    def of_the_parent(_signal: int, _frame: object) -> None:
        raise AssertionError

    before = signal.signal(signal.SIGTERM, of_the_parent)
    try:
        with pytest.raises(ProcessDied, match="SIGTERM"):
            run_forked(lambda: os.kill(os.getpid(), signal.SIGTERM))
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(("during", "words"), [("oom_kill 8\n", "out of memory"), ("", "somebody")])
def test_the_kernels_own_count_tells_a_kill_for_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, during: str, words: str
) -> None:
    counts = tmp_path / "vmstat"
    counts.write_text("pgfault 5\noom_kill 7\n")
    monkeypatch.setattr("workers.forked._VMSTAT", counts)

    def end() -> None:
        counts.write_text(during or counts.read_text())
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(ProcessDied, match=words):
        run_forked(end)


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    told = tmp_path / "pid"

    def sleep() -> None:
        told.with_suffix(".part").write_text(str(os.getpid()))
        told.with_suffix(".part").rename(told)
        time.sleep(LONG_S)

    parent = os.fork()
    if parent == 0:
        run_forked(sleep)
        os._exit(0)
    until = time.monotonic() + LONG_S
    while not told.exists():
        assert time.monotonic() < until
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(told.read_text())).wait(LONG_S / 2)
