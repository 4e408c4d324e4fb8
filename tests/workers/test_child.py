import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from workers.child import ChildFailed, ChildLimits, run_child
from workers.surroundings import is_of_surroundings

MIB = 2**20
LIMITS = ChildLimits(memory_bytes=512 * MIB, seconds=60, file_bytes=MIB)
MODULE = "tests.workers.misbehaving"


def _run(folder: Path, limits: ChildLimits = LIMITS, **document: object) -> dict[str, object]:
    return run_child(MODULE, document, limits, folder)


def test_a_child_is_told_a_document_and_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STILLHOUSE_DATABASE_URL", "postgresql://a:secret@b/c")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    told = _run(tmp_path, do="tell", n=3)
    assert told["document"] == {"do": "tell", "n": 3}
    assert told["folder"] == str(tmp_path)
    assert told["parent"] == os.getpid()
    assert told["oom_score_adj"] == "1000"
    assert "secret" not in json.dumps(told)


def test_nothing_is_imported_from_the_folder_of_a_stranger_s_files(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    (tmp_path / "json.py").write_text(f"open({str(canary)!r}, 'w')")
    _run(tmp_path, do="tell")
    assert not canary.exists()


@pytest.mark.parametrize("whose", ["plain", "numpy"])
def test_a_child_gets_no_more_memory(tmp_path: Path, whose: str) -> None:
    document: dict[str, Any] = {"do": f"hold_{whose}", "bytes": 600 * MIB}
    with pytest.raises(ChildFailed, match=r"it takes more than 0.5 GiB of memory"):
        _run(tmp_path, LIMITS, **document)
    document["bytes"] = 100 * MIB
    with pytest.raises(ChildFailed, match="no object"):
        _run(tmp_path, LIMITS, **document)


def test_torch_runs_within_its_memory_and_no_further(tmp_path: Path) -> None:
    limits = ChildLimits(2048 * MIB, 60, MIB)
    with pytest.raises(ChildFailed, match="it takes more than 2 GiB of memory"):
        _run(tmp_path, limits, do="hold_torch", bytes=2048 * MIB)


def test_a_child_gets_no_more_processor_time(tmp_path: Path) -> None:
    cores = len(os.sched_getaffinity(0))
    start = time.monotonic()
    with pytest.raises(ChildFailed, match=r"it takes (longer|more) than 1 seconds"):
        _run(tmp_path, ChildLimits(512 * MIB, 1, MIB), do="spin")
    assert time.monotonic() - start < 1 + cores


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"do": "write", "bytes": 2 * MIB}, "a file of more than 1048576 bytes"),
        ({"do": "say", "text": "x" * 2 * MIB}, "a file of more than 1048576 bytes"),
        ({"do": "open_files"}, "Too many open files"),
        ({"do": "say", "text": "hello"}, "its answer is no JSON"),
        ({"do": "say", "text": "[" * 10**5}, "its answer is no JSON"),
        ({"do": "say", "text": "[1]"}, "its answer is no object"),
        ({"do": "say", "text": ""}, "its answer is no JSON"),
        ({"do": "die", "signal": "SIGSEGV"}, "it was ended by SIGSEGV"),
        ({"do": "die", "signal": "SIGKILL"}, "it was ended by SIGKILL"),
        ({"do": "die", "signal": "SIGXCPU"}, "it takes more than 60 seconds of processor time"),
        ({"do": "fail"}, "an unexpected error: LookupError: no such luck"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_child_that_fails_says_why(tmp_path: Path, document: dict[str, Any], says: str) -> None:
    with pytest.raises(ChildFailed, match=says):
        _run(tmp_path, LIMITS, **document)


@pytest.mark.parametrize("do", ["fail_of", "fail_of_safetensors"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
def test_a_disk_that_is_full_or_broken_is_no_fault_of_the_document(
    tmp_path: Path, do: str, code: int
) -> None:
    with pytest.raises(OSError, match="so the disk says") as raised:
        _run(tmp_path, do=do, errno=code)
    assert is_of_surroundings(raised.value)


def test_an_answer_that_is_too_long_to_be_shown_is_none(tmp_path: Path) -> None:
    limits = ChildLimits(512 * MIB, 60, 64 * MIB)
    with pytest.raises(ChildFailed, match="its answer is too long"):
        _run(tmp_path, limits, do="say", text='"' + "x" * MIB + '"')


def test_what_a_beat_raises_ends_the_child_and_all_it_started(tmp_path: Path) -> None:
    started: list[psutil.Process] = []
    others = psutil.Process().children()  # those of other tests

    def beat() -> None:
        (child,) = [x for x in psutil.Process().children() if x not in others]
        started[:] = [child, *child.children(recursive=True)]
        if len(started) == 2:
            raise KeyError

    with pytest.raises(KeyError):
        run_child(MODULE, {"do": "fork"}, LIMITS, tmp_path, beat)
    assert len(started) == 2
    _, alive = psutil.wait_procs(started, timeout=10)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


def test_a_child_dies_with_who_started_it(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from workers.child import *;"
        f"run_child({MODULE!r}, {{'do': 'spin'}}, ChildLimits(2**29, 600, 2**20),"
        f" Path({str(tmp_path)!r}))"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    try:
        children: list[psutil.Process] = []
        while not children:
            children = psutil.Process(parent.pid).children()
        (child,) = children
        # Between fork and exec a process has its parent's command line, or none.
        while child.cmdline()[-1:] != [MODULE] or child.cpu_times().user < 0.2:
            assert child.is_running()
    finally:
        parent.kill()
        parent.wait()
    _, alive = psutil.wait_procs([child], timeout=10)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
