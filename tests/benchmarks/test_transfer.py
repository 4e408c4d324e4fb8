from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks import transfer
from benchmarks.tables import Table
from embedding import SavedEmbedding

Told = dict[str, object]


@pytest.fixture
def tables(real_table: Table, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Table]:
    """Two tables of the same networks, the second of which learn less."""
    worse = replace(real_table, name="worse", accuracy=real_table.accuracy - 0.3)
    found = {real_table.name: real_table, "worse": worse}
    monkeypatch.setattr(transfer, "find_tables", lambda _: [(x, tmp_path) for x in found])
    monkeypatch.setattr(transfer, "load", lambda source: found[source[0]])
    monkeypatch.setattr(transfer, "LEARNED_FROM", 5)
    monkeypatch.setattr(transfer, "KERNELS", 1)
    transfer.learned.cache_clear()
    return found


def _run(tmp_path: Path, *arguments: str) -> int:
    shared = ["--tables", str(tmp_path), "--processes", "1", "--seeds", "2", "--evaluations", "8"]
    return transfer.main([*shared, "--log", str(tmp_path / "log.jsonl"), *arguments])


@pytest.mark.slow
def test_each_table_is_searched_cold_and_from_the_other(
    tables: dict[str, Table], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(tmp_path, "--tasks", "score") == 0
    out = capsys.readouterr().out
    result = json.loads(out.splitlines()[-1].removeprefix("RESULT "))
    assert result["benchmark"] == "transfer"
    assert set(result["tables"]) == set(tables)
    for name, found in result["tables"].items():
        (other,) = set(tables) - {name}
        methods = found["score"]["methods"]
        rest = [f"{x} {other}" for x in transfer.WAYS]
        assert list(methods) == ["cold", *sorted([*rest, f"adapt {name}"])]
        assert all(x["seeds"] == 2 for x in methods.values())
        assert f"adapt {other} against cold: " in out
        against = result["against_cold"][name]["score"]
        assert set(against[f"frozen {other}"]) == {"ratio", "ratio_is", "p", "p_area"}
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert len(lines) == 2 * 2 * 5
    assert _run(tmp_path, "--tasks", "score") == 0
    assert (tmp_path / "log.jsonl").read_text().splitlines() == lines  # nothing was done again


def test_one_table_alone_has_nothing_to_learn_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tables: dict[str, Table]
) -> None:
    name = next(iter(tables))
    monkeypatch.setattr(transfer, "find_tables", lambda _: [(name, tmp_path)])
    assert _run(tmp_path) == 2


@pytest.mark.usefixtures("tables")
def test_shuffled_outcomes_are_the_same_ones(tmp_path: Path) -> None:
    saved = transfer.learned(("worse", tmp_path), 0)
    lying = transfer.shuffled(saved, 0)
    assert isinstance(lying, SavedEmbedding)
    assert saved.findings is not None
    assert lying.findings is not None
    assert lying.findings.y[0] == saved.findings.y[0] == 0
    assert not torch.equal(lying.findings.y, saved.findings.y)
    assert torch.equal(lying.findings.y.sort().values, saved.findings.y.sort().values)
    assert torch.equal(lying.findings.x, saved.findings.x)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--tables", "nowhere"], "nowhere"),
        (["--tables", ".", "--tasks", "score,speed"], "no task speed"),
        (["--tables", ".", "--seeds", "0"], "at least 1"),
    ],
)
def test_wrong_options_are_told_without_a_traceback(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with suppress(SystemExit):
        assert transfer.main(arguments) == 2
    assert told in capsys.readouterr().err
