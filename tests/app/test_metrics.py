import asyncio
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from app.database import Database
from app.metrics import Metrics

# Of a crew; by itself, for it changes how all of the process measures.
PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from app.crew import Crew, Roll
from app.database import Database
from app.metrics import Metrics
roll = Roll(2)
roll.enter(1, os.getpid())
metrics = Metrics(Database(sys.argv[1]), Crew(1, 2, Path(sys.argv[2]), roll))
metrics.http.waits.labels("/a", 200).inc()
metrics.http.duration.labels("GET", "/a", 200).observe(0.1)
print(asyncio.run(metrics.text()).decode())
"""


def _told(text: str) -> dict[str, str]:
    """Returns what each name is told to be; fails if one is told of twice."""
    families = list(text_string_to_metric_families(text))
    found = {family.name: f"{family.type}: {family.documentation}" for family in families}
    assert len(found) == len(families)
    return found


def test_a_crew_tells_what_one_process_does_by_the_same_names(
    sqlite_database: Database, sqlite_url: str, tmp_path: Path
) -> None:
    metrics = Metrics(sqlite_database)
    metrics.http.waits.labels("/a", 200).inc()
    metrics.http.duration.labels("GET", "/a", 200).observe(0.1)
    alone = _told(asyncio.run(metrics.text()).decode())
    assert {"stillhouse_http_waits", "stillhouse_jobs", "process_open_fds"} <= set(alone)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, sqlite_url, str(tmp_path)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    crew = _told(done.stdout)
    assert set(crew) == set(alone)
    ours = {name for name in alone if name.startswith("stillhouse_")}
    assert {name: crew[name] for name in ours} == {name: alone[name] for name in ours}
