"""The docs and the dashboard tell of each metric there is, and of no other."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from app.database import Database
from app.metrics import Metrics
from workers.metrics import REGISTRY

DOCS = Path(__file__).parents[1] / "docs"
NAME = re.compile(r"\b(?:stillhouse|process)_[a-z_]+[a-z]")
PARTS = ("_bucket", "_sum", "_count")


def names_of(registry: CollectorRegistry) -> set[str]:
    """Returns the names that a registry exports, of histograms without their parts."""
    return {
        family.name + ("_total" if family.type == "counter" else "")
        for family in registry.collect()
    }


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('home')}/stillhouse.db")
    database.upgrade()
    names = names_of(Metrics(database).registry) | names_of(REGISTRY)
    database.close()
    assert len(names) > 20
    return names


def _whole(name: str) -> str:
    """Returns the metric that a name is, or is a part of."""
    return next((name.removesuffix(part) for part in PARTS if name.endswith(part)), name)


def _expressions(board: Any) -> Iterator[str]:  # noqa: ANN401 - of JSON
    for panel in board["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    for variable in board["templating"]["list"]:
        yield str(variable.get("query", ""))


@pytest.fixture(scope="module")
def board() -> Any:  # noqa: ANN401 - of JSON
    return json.loads((DOCS / "grafana" / "stillhouse.json").read_text())


def test_the_dashboard_asks_for_all_that_we_measure_and_for_nothing_else(
    exported: set[str],
    board: Any,  # noqa: ANN401
) -> None:
    asked = {_whole(name) for one in _expressions(board) for name in NAME.findall(one)}
    assert asked - exported == set()
    assert {name for name in exported - asked if name.startswith("stillhouse_")} == set()


def test_the_dashboard_is_one_that_grafana_takes(board: Any) -> None:  # noqa: ANN401
    assert board["schemaVersion"] >= 36  # of Grafana 10
    source = board["templating"]["list"][0]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for target in panel.get("targets", ()):
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert target["expr"].count("(") == target["expr"].count(")")


def test_what_happens_every_some_minutes_is_told_of_an_hour(
    board: Any,  # noqa: ANN401
) -> None:
    rare = ("stillhouse_trial_", "stillhouse_proposal_", "stillhouse_suggestion_")
    asked = [one for one in _expressions(board) if any(name in one for name in rare)]
    assert len(asked) >= 8
    assert [one for one in asked if one.count("[") != one.count("[1h]")] == []


def test_no_panel_lies_upon_another(board: Any) -> None:  # noqa: ANN401
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_docs_tell_of_each_metric_and_of_no_other(exported: set[str]) -> None:
    told = (DOCS / "observability.md").read_text()
    rows = set(re.findall(r"^\| `(stillhouse_\w+)` \|", told, re.MULTILINE))
    assert rows == {name for name in exported if name.startswith("stillhouse_")}
    assert {_whole(name) for name in NAME.findall(told)} == exported


def test_names_and_labels_are_as_prometheus_has_them(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/stillhouse.db")
    database.upgrade()
    for registry in (Metrics(database).registry, REGISTRY):
        for family in registry.collect():
            assert family.documentation.endswith("."), family.name
            assert not family.name.endswith(("_ms", "_minutes", "_mb")), family.name
            assert family.type != "gauge" or not family.name.endswith("_total"), family.name
            assert all(len(sample.labels) <= 4 for sample in family.samples)
    database.close()
