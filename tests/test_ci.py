"""What CI runs: everything, or it fails."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEEDED = ("bash", "dirname", "id")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Returns a folder of all the programs there are: no browser, and an apt-get that has none."""
    for name in NEEDED:
        found = subprocess.run(["which", name], capture_output=True, text=True, check=True)
        (tmp_path / name).symlink_to(found.stdout.strip())
    _write(tmp_path / "apt-get", "exit 100")
    _write(tmp_path / "make", 'echo "make $* with $EXTRAS"')
    return tmp_path


def _write(program: Path, line: str) -> None:
    program.write_text(f"#!{program.parent}/bash\n{line}\n")
    program.chmod(0o755)


def _run(programs: Path) -> subprocess.CompletedProcess[str]:
    command = [programs / "bash", ROOT / ".ci" / "run"]
    return subprocess.run(
        command, env={"PATH": str(programs)}, capture_output=True, text=True, check=False
    )


def test_without_a_browser_it_fails_and_says_why(programs: Path) -> None:
    done = _run(programs)
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no chromium" in done.stderr


def test_what_is_looked_at_is_linted_and_tested(programs: Path) -> None:
    _write(programs / "chromium", "")
    done = _run(programs)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["lint", "test"]


def test_no_test_of_ours_is_skipped_for_want_of_a_package(programs: Path) -> None:
    _write(programs / "chromium", "")
    (extras,) = {line.split(" with ")[1] for line in _run(programs).stdout.splitlines()}
    optional = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    installed = {
        re.split(r"[\[<>=]", one)[0].removesuffix("-skinny")
        for extra in extras.split(",")
        for one in optional[extra]
    }
    sources = (path.read_text() for path in (ROOT / "tests").glob("[!b]*/**/test_*.py"))
    wanted = {name for source in sources for name in re.findall(r'importorskip\("(\w+)"\)', source)}
    assert wanted >= {"mlflow", "pandas", "tensorboard"}
    assert wanted - installed == set()
