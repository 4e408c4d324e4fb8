"""How quickly the API answers `GET /v1/jobs/{id}` while every core trains; its startup and memory.

Starts the API on a home of its own with a job in the middle of its search, keeps every core busy
with processes at the niceness of trials (10), asks at a fixed rate (a late answer doesn't delay the
next question, so waiting is counted), and prints percentiles and a last line `RESULT {json}`.
"""

import argparse
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.database import Database
from app.job_writer import JobWriter
from app.jobs import create_job
from app.leases import claim
from app.records import NewStudent, NewTrial, StoredStudentFile, TeacherRecord, TrialResult
from app.requests import JobRequest
from app.settings import Settings
from benchmarks.api_process import running_api

_NICENESS = 10  # of the trials
_TRIALS = 160
_CONNECTIONS = 8
_BURN = (
    f"import os; os.nice({_NICENESS}); import torch; torch.set_num_threads(1);"
    "x = torch.randn(32, 64, 32, 32); w = torch.randn(64, 64, 3, 3);"
    "print('ready', flush=True)\n"
    "while os.getppid() == {parent}: torch.nn.functional.conv2d(x, w, padding=1)"
)


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="stillhouse-bench-") as home:
        environment = os.environ | {"STILLHOUSE_HOME": home, "STILLHOUSE_PORT": "0"}
        job_id = _prepare(Settings.from_environment(environment).database_url)
        with running_api(environment) as (process, url, startup_s):
            with _busy(arguments.burners):
                before_s = _processor_s(process.pid)
                latencies_ms = _ask(f"{url}/v1/jobs/{job_id}", arguments.rate, arguments.seconds)
                processor_s = _processor_s(process.pid) - before_s
            resident_mb = _resident_mb(process.pid)
    cuts = statistics.quantiles(latencies_ms, n=100)
    result = {
        "startup_s": round(startup_s, 2),
        "rss_mb": round(resident_mb, 1),
        "requests": len(latencies_ms),
        "rate_per_s": arguments.rate,
        "burners": arguments.burners,
        "p50_ms": round(cuts[49], 2),
        "p95_ms": round(cuts[94], 2),
        "p99_ms": round(cuts[98], 2),
        "max_ms": round(max(latencies_ms), 2),
        "processor_ms_per_request": round(processor_s * 1000 / len(latencies_ms), 2),
    }
    for name, value in result.items():
        print(f"{name:>12}  {value}")
    print("RESULT", json.dumps(result))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=50, help="questions a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--burners", type=int, default=os.cpu_count() or 1, help="busy processes")
    return parser.parse_args()


def _prepare(url: str) -> str:
    """Returns the id of a job with a teacher, many trials and a best student."""
    database = Database(url)
    database.upgrade()
    request = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}
    with database.write() as session:
        job_id = create_job(session, JobRequest.model_validate(request))
    lease = claim(database, "benchmark", 3600)
    assert lease is not None
    writer = JobWriter(database, lease)
    writer.set_state("searching", "searching")
    writer.record_teacher(
        TeacherRecord(
            params=272_474,
            macs=40_000_000,
            bytes=1_100_000,
            accuracy=0.98,
            test_accuracy=None,
            weights_key="weights",
            architecture_key="architecture",
            splits_key="splits",
            precision={},
            preprocessing={},
        )
    )
    edits: dict[str, object] = {"widths": {f"group {n}": n for n in range(20)}}
    writer.add_trials(
        [NewTrial(n, f"hash {n}", edits, 9000, 10**6, 36_000, n) for n in range(_TRIALS)], None
    )
    for number in range(_TRIALS // 2):
        writer.trial_started(number)
        writer.trial_completed(number, TrialResult(0.97, 0.95, 5, 10.0, "key"))
    files = tuple(StoredStudentFile(f"file {n}", "key", 1, "sha") for n in range(4))
    writer.add_student(
        NewStudent(0, False, 0.97, None, 0.95, 9000, 10**6, 36_000, files), best=True
    )
    database.close()
    return job_id


@contextmanager
def _busy(number: int) -> Iterator[None]:
    """Keeps that many cores busy with convolutions, niced as trials are."""
    program = _BURN.replace("{parent}", str(os.getpid()))
    command = [sys.executable, "-c", program]
    burners = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(number)]
    try:
        for burner in burners:
            assert burner.stdout is not None
            burner.stdout.readline()
        yield
    finally:
        for burner in burners:
            burner.send_signal(signal.SIGKILL)
            burner.wait()


def _ask(url: str, rate: int, seconds: float) -> list[float]:
    """Returns the milliseconds from when each question was due to its whole answer."""
    latencies_ms: list[float] = []
    start = time.perf_counter()
    due_times = [start + number / rate for number in range(int(rate * seconds))]
    askers = [
        threading.Thread(target=_ask_when_due, args=(url, due_times[n::_CONNECTIONS], latencies_ms))
        for n in range(_CONNECTIONS)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    return latencies_ms


def _ask_when_due(url: str, due_times: list[float], latencies_ms: list[float]) -> None:
    """Asks over one connection; http.client costs a tenth of what httpx takes of the same cores."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host)
    for due in due_times:
        time.sleep(max(0.0, due - time.perf_counter()))
        connection.request("GET", f"/{path}")
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            sys.exit(f"the API answered {answer.status}")
        latencies_ms.append((time.perf_counter() - due) * 1000)
    connection.close()


def _processor_s(pid: int) -> float:
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
