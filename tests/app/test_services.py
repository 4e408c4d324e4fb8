from pathlib import Path

import pytest

from app.crew import Crew, Roll
from app.jobs import create_job, list_overviews
from app.requests import JobRequest
from app.services import Services
from app.settings import Settings
from app.visitor import Visitor
from tests.app.samples import REQUEST


def test_services_are_those_that_the_settings_name(tmp_path: Path) -> None:
    settings = Settings.from_environment({"STILLHOUSE_HOME": str(tmp_path)})
    services = Services.open(settings)
    services.database.upgrade()
    services.artifacts.put_bytes("a", b"b")
    assert (tmp_path / "stillhouse.db").exists()
    assert (tmp_path / "artifacts" / "a").read_bytes() == b"b"
    assert services.uploads == tmp_path / "uploads"
    assert services.checks.total_tokens == 2
    services.database.close()


@pytest.mark.parametrize(("number", "uploads", "checks"), [(1, 3, 1), (3, 2, 1)])
def test_a_crew_shares_what_the_machine_can_take(
    number: int, uploads: int, checks: int, tmp_path: Path
) -> None:
    settings = Settings.from_environment({"STILLHOUSE_HOME": str(tmp_path)})
    services = Services.open(settings, Crew(number, 3, tmp_path, Roll(3)))
    assert services.uploading.total == uploads
    assert services.checks.total_tokens == checks


def test_what_a_visitor_uses_is_shared_but_for_the_rows(services: Services) -> None:
    visitors = [Visitor(f"key_{n}", "name", frozenset({"submit"})) for n in range(2)]
    first, second = (services.seen_by(visitor) for visitor in visitors)
    for name in ("settings", "artifacts", "checks", "storage", "uploading"):
        assert getattr(first, name) is getattr(second, name) is getattr(services, name)
    with first.database.write() as session:
        create_job(session, JobRequest.model_validate(REQUEST))
    counts = []
    for seen in (services, first, second):
        with seen.database.read() as session:
            counts.append(len(list_overviews(session, 10, None).items))
    assert counts == [1, 1, 0]


@pytest.mark.parametrize(
    ("url", "alone", "of_four", "of_twenty"),
    [("sqlite:///{}/a.db", 4, 4, 4), ("postgresql://nobody@127.0.0.1:1/none", 40, 10, 4)],
)
def test_a_crew_shares_a_databases_connections(
    tmp_path: Path, url: str, alone: int, of_four: int, of_twenty: int
) -> None:
    environment = {
        "STILLHOUSE_HOME": str(tmp_path),
        "STILLHOUSE_DATABASE_URL": url.format(tmp_path),
    }
    settings = Settings.from_environment(environment)
    for size, threads in ((4, of_four), (20, of_twenty)):
        crew = Crew(1, size, tmp_path, Roll(size))
        assert Services.open(settings, crew).threads == threads
    assert Services.open(settings).threads == alone
