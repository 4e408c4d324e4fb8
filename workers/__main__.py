"""`python -m workers`: one coordinator process."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from functools import partial

import ray
import torch

from app.artifacts import Artifacts
from app.database import Database
from app.errand_leases import KINDS
from app.exit_code import exit_code
from app.home import make_home
from app.logs import write_logs
from app.problems import NotReady
from app.settings import Settings, SettingsError
from app.tracing import start_tracing
from workers.coordinator import Coordinator
from workers.errands import Errands
from workers.metrics import tell_metrics
from workers.shelf import Shelf

log = logging.getLogger("workers")

NO_RAY = 3  # exit code: whoever keeps Ray alive should look after it


def main() -> int:
    """Runs a coordinator until SIGTERM or SIGINT; returns the process's exit code."""
    write_logs("text")  # until the settings say otherwise
    torch.set_num_threads(1)  # proposing must not slow down the trials that run meanwhile
    try:
        settings = Settings.from_environment(os.environ)
        write_logs(settings.log_format)
        make_home(settings.home)
        database = Database(settings.database_url)
        database.check()
        connect(settings.ray_address)
    except (SettingsError, NotReady, ConnectionError) as error:
        log.error("the coordinator can't start: %s", error)  # noqa: TRY400 - one clear line
        return NO_RAY if isinstance(error, ConnectionError) else exit_code(error)
    stop_tracing = start_tracing("stillhouse-coordinator")
    tell_metrics(settings.metrics_host, settings.metrics_port)
    artifacts = Artifacts(settings.artifacts_url)
    coordinator = Coordinator(
        database,
        artifacts,
        settings.lease_s,
        settings.max_running_jobs_per_key,
        shelf=Shelf.of(settings),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: coordinator.stop.set())
    errands = partial(Errands, database, artifacts, settings, coordinator.owner)
    stop = coordinator.stop
    # A thread for each kind: no estimate waits for the check of a large teacher.
    beside = [threading.Thread(target=errands(kind, stop).run, daemon=True) for kind in KINDS]
    for thread in beside:
        thread.start()
    tidying = partial(coordinator.tidier.run, stop)
    threading.Thread(target=tidying, daemon=True).start()  # nothing is lost when it is killed
    log.info("the coordinator %s is ready", coordinator.owner)
    coordinator.run()
    for thread in beside:
        thread.join()
    ray.shutdown()
    database.close()
    stop_tracing()
    return 0


def connect(address: str | None) -> None:
    """Connects this process to the named Ray cluster.

    Raises:
        ConnectionError: no cluster is named, or there is none at the address.
    """
    if not address:
        raise ConnectionError(
            "no Ray cluster is named: set RAY_ADDRESS=HOST:PORT, or use `stillhouse serve`"
        )
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(address=address, log_to_driver=False, logging_level=logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
