from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.tables import Table, TableError, check, load_table
from benchmarks.tables.channel_bench import RESNET, resnet
from benchmarks.tables.checked import cache_folder
from tests.benchmarks.tables.table_files import write_digits


@pytest.fixture
def table(tmp_path: Path) -> Table:
    path = write_digits(tmp_path / "t.json", RESNET, ["1111111", "1211111", "4444444"])
    return load_table("channel-bench-resnet", path)


def test_a_table_that_passed_is_not_counted_again(table: Table, tmp_path: Path) -> None:
    def never(choices: tuple[int, ...]) -> None:
        raise AssertionError(choices)

    assert check(table, tmp_path / "cache")
    assert not check(replace(table, build=never), tmp_path / "cache")  # type: ignore[arg-type]


@pytest.mark.parametrize(("field", "what"), [("params", "parameters"), ("macs", "MACs")])
def test_a_mismatch_names_the_key_and_both_counts(
    table: Table, tmp_path: Path, field: str, what: str
) -> None:
    told = getattr(table, field).clone()
    told[1] += 1
    broken = replace(table, **{field: told})
    assert check(table, tmp_path)  # what passed says nothing of another table
    for _ in range(2):  # a failure is not remembered
        with pytest.raises(TableError) as error:
            check(broken, tmp_path)
        for part in ("'1211111'", f"{int(told[1]):,} {what}", f"{int(told[1]) - 1:,}"):
            assert part in str(error.value)


def test_networks_of_other_choices_are_found_out(table: Table, tmp_path: Path) -> None:
    def reversed_choices(choices: tuple[int, ...]) -> object:
        return resnet(choices[::-1])

    with pytest.raises(TableError, match="'1211111'"):
        check(replace(table, build=reversed_choices), tmp_path)  # type: ignore[arg-type]


def test_a_cache_that_cannot_be_written_is_done_without(table: Table, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert check(table, tmp_path / "file")
    assert check(table, tmp_path / "file")


def test_the_cache_is_where_the_user_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "stillhouse" / "tables"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "stillhouse" / "tables"
