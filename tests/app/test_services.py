from pathlib import Path

from app.services import Services
from app.settings import Settings


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
