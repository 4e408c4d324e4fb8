import json
import os
import subprocess
import sys
from pathlib import Path


def told(**changes: str) -> list[dict[str, str]]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STILLHOUSE_")}
    command = [sys.executable, "-m", "app.doctor"]
    done = subprocess.run(command, env=inherited | changes, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_installation_that_is_not_there_yet_is_looked_at_and_not_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    found = told(STILLHOUSE_HOME=str(home), STILLHOUSE_PORT="0")
    assert [one["check"] for one in found] == [
        "settings", "home", "disk", "disk", "database", "artifacts", "port", "API keys"
    ]  # fmt: skip
    assert {one["state"] for one in found} == {"ok", "warning"}
    assert not home.exists()


def test_wrong_settings_end_it_after_they_are_told() -> None:
    (found,) = told(STILLHOUSE_PORT="eighty")
    assert (found["check"], found["state"]) == ("settings", "wrong")
