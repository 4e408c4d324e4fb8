"""The rules of the house that no other test holds."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "embedding", "networks", "stillhouse", "workers")
MIRRORED_FROM_LINES = 40
DEFINITION = re.compile(r"^(class|def) ", re.MULTILINE)

# Words that tell of the place where somebody worked and not of the project.
ELSEWHERE = re.compile(
    r"(?<![\w.*>)\]}])/(root|mnt|media|Users|home/(?!stillhouse\b)\w+)/\w|\bissue \d"
)
HERE = re.compile(rf"(?<!\w){re.escape(str(ROOT))}\b")
IS_A_SERVERS_PLACE = len(ROOT.parts) < 3 or ROOT.parts[1] in {"opt", "srv"}  # the docs name some


def text_files() -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix not in {".png", ".npz", ".gz"} and path.exists():
            yield path


def modules() -> list[Path]:
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in found)


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_imports_only_point_down() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Contracts: 4 kept, 0 broken" in done.stdout


def test_nothing_names_a_place_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in text_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if ELSEWHERE.search(line) or (HERE.search(line) and not IS_A_SERVERS_PLACE)
    ]
    assert found == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_has_its_tests_at_the_mirrored_place(package: str) -> None:
    untested = []
    for module in modules():
        source = (ROOT / module).read_text()
        long = len(source.splitlines()) > MIRRORED_FROM_LINES
        if module.parts[0] != package or not long or not DEFINITION.search(source):
            continue
        name = module.stem.strip("_")
        if not (ROOT / "tests" / module.parent / f"test_{name}.py").exists():
            untested.append(str(module))
    assert untested == []


def test_no_folder_of_code_is_left_out_of_the_floors() -> None:
    assert set(project()["tool"]["importlinter"]["root_packages"]) == set(PACKAGES)
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders - {"benchmarks", "migrations", "tests"} == set(PACKAGES)


def test_the_readme_names_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"\bmake ([a-z-]+)", readme))
    assert {"demo", "test"} <= named
    assert named <= makefile_targets()


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_documents_link_to_files_that_exist(document: str) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / document).read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_contributors_are_told_every_target() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    assert [name for name in makefile_targets() if f"`make {name}`" not in contributing] == []


def test_what_is_installed_is_pinned() -> None:
    pinned = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().split() if "==" in line
    )
    names = {name.lower().replace("_", "-") for name in pinned}
    wanted = project()["project"]
    optional = wanted["optional-dependencies"].values()
    requirements = [*wanted["dependencies"], *(one for group in optional for one in group)]
    bare = {re.split(r"[\[<>=]", requirement)[0].lower() for requirement in requirements}
    assert bare - names == set()
