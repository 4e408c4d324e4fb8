"""The least that such a server can do: FastAPI and SQLAlchemy, one route, one row of SQLite.

`python -m benchmarks.api.floor` serves it as uvicorn does by default; asked beside the API, it
tells what of an answer's time is the machine's, FastAPI's and SQLAlchemy's.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from stillhouse.ports import answers, free_port

_HOST = "127.0.0.1"
_PORT = "STILLHOUSE_BENCH_FLOOR_PORT"
_DATABASE = "STILLHOUSE_BENCH_FLOOR_DATABASE"


def floor(path: str) -> FastAPI:
    """Returns the application over a database file."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE jobs (id TEXT PRIMARY KEY, state TEXT)"))
        connection.execute(text("INSERT INTO jobs VALUES ('job', 'searching')"))
    app = FastAPI()

    @app.get("/")
    def show() -> dict[str, str]:
        with Session(engine) as session:
            row = session.execute(text("SELECT id, state FROM jobs WHERE id = 'job'")).one()
        return {"id": row.id, "state": row.state}

    return app


@contextmanager
def serving_floor(path: str) -> Iterator[int]:
    """Yields the port at which a process serves it over a new database file."""
    port = free_port(_HOST)
    environment = os.environ | {_PORT: str(port), _DATABASE: path}
    command = [sys.executable, "-m", "benchmarks.api.floor"]
    with subprocess.Popen(command, env=environment) as process:
        try:
            while not answers(_HOST, port):
                if process.poll() is not None:
                    sys.exit("the floor did not start")
            yield port
        finally:
            process.terminate()


def main() -> None:
    app = floor(os.environ[_DATABASE])
    port = int(os.environ[_PORT])
    uvicorn.run(app, host=_HOST, port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
