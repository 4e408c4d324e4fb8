from __future__ import annotations

import json
from pathlib import Path

import pytest

from stillhouse import EstimateFailed
from tests.stillhouse.commands.conftest import Run
from tests.stillhouse.fake_server import (
    FakeServer,
    estimate_document,
    estimate_result,
    infeasible_result,
)


def test_an_estimate_is_shown_and_drawn(run: Run, fake: FakeServer, tmp_path: Path) -> None:
    picture = tmp_path / "space.svg"
    flags = ["--network", "zoo/resnet20", "--dataset", "digits", "--params-ratio", "0.1"]
    done = run("estimate", *flags, "--round-to", "1", "--svg", str(picture))
    assert done.exit_code == 0
    assert "feasible" in done.output
    assert f"picture: {picture}" in done.output
    assert "zoo/resnet20 for digits" in picture.read_text()
    (body,) = fake.bodies("/v1/estimates")
    assert body["search"] == {"round_to": 1}


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["shown", "json"])
def test_an_infeasible_one_is_told_in_full_and_exits_with_one(
    run: Run, fake: FakeServer, tmp_path: Path, flags: list[str]
) -> None:
    fake.estimates = [estimate_document(result=infeasible_result())]
    picture = tmp_path / "a.svg"
    done = run("estimate", "--network", "zoo/resnet20", "--svg", str(picture), *flags)
    assert done.exit_code == 1
    assert "feasible" in done.output
    assert "no student keeps the constraints" in picture.read_text()


def test_one_that_is_not_judged_is_no_failure(run: Run, fake: FakeServer) -> None:
    open_still = infeasible_result()["constraints"] | {"feasible": None}
    fake.estimates = [estimate_document(result=estimate_result(constraints=open_still))]
    done = run("estimate", "--network", "zoo/resnet20")
    assert done.exit_code == 0
    assert "not judged" in done.output


def test_the_document_on_request(run: Run, tmp_path: Path) -> None:
    done = run("estimate", "--network", "zoo/x", "--json", "--svg", str(tmp_path / "a.svg"))
    assert json.loads(done.stdout) == estimate_document()


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["shown", "json"])
def test_no_picture_is_drawn_unless_asked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("estimate", "--network", "zoo/x", *flags)
    assert done.exit_code == 0
    assert "picture" not in done.output
    assert list(tmp_path.iterdir()) == []


def test_no_estimate_is_an_error(run: Run, fake: FakeServer) -> None:
    failed = estimate_document(state="failed", result=None, error={"detail": "takes colour"})
    fake.estimates = [failed]
    assert isinstance(run("estimate", "--network", "zoo/x").exception, EstimateFailed)
