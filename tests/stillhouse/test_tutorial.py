"""The tutorial: what is written there is what runs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

import stillhouse
from stillhouse import Client, Job, Student, Trial, cli
from tests.stillhouse.servers import served

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
OURS = {"client": Client, "job": Job, "student": Student, "second": Student, "trial": Trial}


def blocks(language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$", TUTORIAL.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )


def members(kind: type) -> set[str]:
    own = {field.name for field in fields(kind)} if kind in {Student, Trial} else set()
    return {*dir(kind), *own}


def test_it_is_python_and_every_name_of_ours_in_it_exists() -> None:
    tree = ast.parse("\n".join(blocks("python")))
    imported = [
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "stillhouse"
        for name in node.names
    ]
    assert imported == ["Client"]
    assert set(imported) <= set(stillhouse.__all__)
    used = [
        (node.value.id, node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    ]
    asked = [(name, attribute) for name, attribute in used if name in OURS]
    assert {name for name, _ in asked} == set(OURS)
    assert [one for one in asked if one[1] not in members(OURS[one[0]])] == []


def test_its_commands_exist() -> None:
    group = get_command(cli.app)
    assert isinstance(group, TyperGroup)
    named = set(re.findall(r"\bstillhouse ([a-z]+)", "\n".join(blocks("sh"))))
    assert {"serve", "watch"} <= named <= set(group.commands)


@pytest.mark.slow
@pytest.mark.cluster
def test_it_runs_as_it_is_written(tmp_path: Path) -> None:
    script = tmp_path / "tutorial.py"
    script.write_text("\n".join(blocks("python")), "utf-8")
    with served(tmp_path / "home") as (_, client):
        done = subprocess.run(
            [sys.executable, script.name],
            cwd=tmp_path,
            env={**os.environ, "STILLHOUSE_URL": client.url},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    seen = [
        float(share) for share in re.findall(r"^([\d.]+)% (?:of|in)", done.stdout, re.MULTILINE)
    ]
    assert len(seen) == 2
    assert min(seen) > 60
    assert seen[0] == pytest.approx(seen[1], abs=0.3)  # the module, and the same in ONNX Runtime
    assert re.search(
        r"^teacher: [\d,]+ parameters, 9[\d.]+% on the test images", done.stdout, re.MULTILINE
    )
