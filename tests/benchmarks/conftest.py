from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from benchmarks.search.ours import table_space
from benchmarks.tables import Table
from benchmarks.tables.nas_bench_macro import FORM, read
from tests.benchmarks.tables.table_files import records


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or leaves what a user's cache folder has."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def real_table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Returns 27 networks of NAS-Bench-Macro that differ in the second stage, 21 distinct ones."""
    found = records(FORM, [f"22{''.join(x)}222" for x in itertools.product("012", repeat=3)])
    for number, record in enumerate(found.values()):
        record[FORM.mean] = 80 + number / 2
        record[FORM.runs] = [80 + number / 2 + x for x in (-1, 0, 1)]
    folder = tmp_path_factory.mktemp("table")
    (folder / "nas-bench-macro.json").write_text(json.dumps(found))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        table = read(folder / "nas-bench-macro.json")
        table_space(table)  # is kept for the process, however often a search starts
    return table
