import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from app.crew import Crew, Roll
from app.crew_metrics import CrewProcesses, forget_gauges

# One of a crew: it counts what it is told to, and prints what all of them have counted.
PROGRAM = """
import sys
from pathlib import Path
from prometheus_client import CollectorRegistry, generate_latest
from app.crew import Crew, Roll
from app.crew_metrics import measure_together
from app.http_metrics import HttpMetrics
registry = CollectorRegistry()
number, counts, opens = map(int, sys.argv[2:])
measure_together(Crew(number, 2, Path(sys.argv[1]), Roll(2)), registry)
http = HttpMetrics(CollectorRegistry())
for _ in range(counts):
    http.waits.labels("/a", 200).inc()
    http.duration.labels("GET", "/b", 200).observe(0.003)
for _ in range(opens):
    http.held.labels("stream").inc()
    http.in_progress.inc()
print(generate_latest(registry).decode())
"""


def _told(folder: Path, number: int, counts: int = 0, opens: int = 0) -> dict[str, float]:
    """Returns all that a process tells which counts, by name and the labels but for a few."""
    command = [sys.executable, "-c", PROGRAM, str(folder), str(number), str(counts), str(opens)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return {
        " ".join([sample.name, *(sample.labels.get(name, "") for name in ("kind", "le"))]).strip():
        sample.value
        for family in text_string_to_metric_families(done.stdout)
        for sample in family.samples
    }  # fmt: skip


def test_whoever_is_asked_tells_the_sum(tmp_path: Path) -> None:
    first = _told(tmp_path, 1, counts=2, opens=3)
    assert first["stillhouse_http_waits_total"] == 2
    both = _told(tmp_path, 2, counts=5, opens=1)
    assert both["stillhouse_http_waits_total"] == 7
    assert both["stillhouse_http_held_requests stream"] == 4
    assert both["stillhouse_http_held_requests wait"] == 0  # to be seen from the start
    assert both["stillhouse_http_requests_in_progress"] == 4
    duration = "stillhouse_http_request_duration_seconds"
    assert both[f"{duration}_count"] == both[f"{duration}_bucket  +Inf"] == 7
    assert both[f"{duration}_bucket  0.0025"] == 0
    assert both[f"{duration}_sum"] == pytest.approx(7 * 0.003)


def test_who_takes_a_dead_ones_place_counts_on_and_holds_nothing(tmp_path: Path) -> None:
    _told(tmp_path, 1, counts=2, opens=3)
    _told(tmp_path, 2, counts=1, opens=1)
    forget_gauges(tmp_path, 1)
    told = _told(tmp_path, 1, counts=4)
    assert told["stillhouse_http_waits_total"] == 7
    assert told["stillhouse_http_held_requests stream"] == 1
    assert told["stillhouse_http_requests_in_progress"] == 1


def _of_processes(roll: Roll) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(CrewProcesses(roll))
    return {sample.name: sample.value for one in registry.collect() for sample in one.samples}


def test_what_processes_take_is_told_together() -> None:
    roll = Roll(2)
    roll.enter(0, os.getpid())
    one = _of_processes(roll)
    few = 32  # file descriptors that the other may have, so that it is nearer to its limit
    with subprocess.Popen(["sleep", "600"]) as process:
        psutil.Process(process.pid).rlimit(psutil.RLIMIT_NOFILE, (few, few))
        roll.enter(1, process.pid)
        roll.enter(2, 2**22 + 1)  # more than any id: it has just died
        both = _of_processes(roll)
        process.kill()
    assert both["process_start_time_seconds"] == one["process_start_time_seconds"]
    assert one["process_max_fds"] > few
    assert both["process_max_fds"] == few
    assert 3 <= both["process_open_fds"] <= few
    assert both["process_virtual_memory_bytes"] > one["process_virtual_memory_bytes"]
    assert 0 < one["process_resident_memory_bytes"] <= psutil.Process().memory_info().rss


def test_the_time_of_a_process_that_was_buried_is_not_lost() -> None:
    roll = Roll(1)
    roll.enter(0, os.getpid())
    before = _of_processes(roll)["process_cpu_seconds_total"]
    subprocess.run([sys.executable, "-c", "sum(range(10**7))"], check=True)
    assert _of_processes(roll)["process_cpu_seconds_total"] - before > 0.05


def test_the_names_are_those_of_one_process(tmp_path: Path) -> None:
    from prometheus_client import ProcessCollector

    roll = Roll(1)
    roll.enter(1, os.getpid())
    alone = CollectorRegistry()
    ProcessCollector(registry=alone)
    names = {sample.name for one in alone.collect() for sample in one.samples}
    assert set(_of_processes(roll)) == names
    assert Crew(1, 1, tmp_path, roll).roll.pids() == [os.getpid()]
