from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import text

from app.api import create_app
from app.artifacts import Artifacts
from app.database import Database
from app.services import Services
from app.settings import Settings
from tests.app.conftest import URL_OF_API


def test_a_working_process_is_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_without_migrations_it_lives_but_is_not_ready(
    own_database: Database, tmp_path: Path
) -> None:
    with own_database.write() as session:
        session.execute(text("DROP TABLE alembic_version"))
    artifacts = Artifacts(f"file://{tmp_path}")
    settings = Settings.from_environment({"STILLHOUSE_HOME": str(tmp_path)})
    app = create_app(Services(settings, own_database, artifacts))
    client = TestClient(app, base_url=URL_OF_API)
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "stillhouse db upgrade" in answer.json()["detail"]
