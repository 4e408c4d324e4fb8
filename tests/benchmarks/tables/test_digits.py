from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.tables.channel_bench import RESNET
from benchmarks.tables.digits import read_digits
from benchmarks.tables.table import TableError
from tests.benchmarks.tables.table_files import Record, records

TEACHER = "4444444"
SMALLEST = "1111111"


@pytest.mark.parametrize(
    ("key", "changed", "told"),
    [
        (SMALLEST, {"acc": [90.0, 91.0]}, "'1111111': acc must have 3 runs, has 2"),
        (SMALLEST, {"acc": None}, "'1111111': acc must have 3 runs, has none"),
        (SMALLEST, {"acc": [90.0, float("nan"), 92.0]}, "acc must be from 0 to 100, not nan"),
        (SMALLEST, {"acc": [90.0, float("inf"), 92.0]}, "acc must be from 0 to 100, not inf"),
        (SMALLEST, {"acc": [90.0, 10**400, 92.0]}, "acc must be from 0 to 100, not 1000"),
        (SMALLEST, {"acc": [-1, 91.0, 92.0]}, "acc must be from 0 to 100, not -1"),
        (SMALLEST, {"acc": [True, 91.0, 92.0]}, "acc must be a number, not True"),
        (SMALLEST, {"acc": ["90", 91.0, 92.0]}, "acc must be a number, not '90'"),
        (SMALLEST, {"mean": float("nan")}, "mean must be from 0 to 100, not nan"),
        (SMALLEST, {"mean": 12.0}, "mean 12.0 is not the mean of acc"),
        (SMALLEST, {"params": 0}, "params must be a positive integer, not 0"),
        (SMALLEST, {"params": 1.5}, "params must be a positive integer, not 1.5"),
        (SMALLEST, {"flops": None}, "flops must be a positive integer, not None"),
        (SMALLEST, {"flops": 2**70}, "flops must be a positive integer, not 118059"),
        (SMALLEST, {"flops": True}, "flops must be a positive integer, not True"),
        ("1111115", {}, "'1111115': unknown digit '5', must be one of 1234"),
        ("111111٣", {}, "unknown digit '٣'"),
        ("111111", {}, "'111111': has 6 digits, not 7"),
        ("", {}, "'': has 0 digits, not 7"),
    ],
)
def test_a_broken_record_is_named(tmp_path: Path, key: str, changed: Record, told: str) -> None:
    found = records(RESNET, [TEACHER, SMALLEST])
    found[key] = found.pop(SMALLEST) | changed
    path = tmp_path / "t.json"
    path.write_text(json.dumps(found))
    with pytest.raises(TableError) as error:
        read_digits(path, RESNET)
    assert told in str(error.value)
    assert str(error.value).startswith(f"{path}: {key!r}: ")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not readable as JSON"),
        (b"{", "not readable as JSON"),
        (b"\xff\xfe\x00", "not readable as JSON"),
        (b"[]", "must be an object"),
        (b"{}", "must be an object"),
        (b'{"1111111": 3}', "'1111111': must be an object, not int"),
        (b'{"1111111": {}, "1111111": {}}', "'1111111' is there twice"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "not readable as JSON"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(content)
    with pytest.raises(TableError, match=told) as error:
        read_digits(path, RESNET)
    assert str(path) in str(error.value)


def test_a_table_without_its_teacher_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps(records(RESNET, [SMALLEST])))
    with pytest.raises(TableError, match="the teacher '4444444' is missing"):
        read_digits(path, RESNET)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.json"):
        with pytest.raises(TableError, match="is no file"):
            read_digits(path, RESNET)


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps(records(RESNET, [TEACHER])))
    assert len(read_digits(path, RESNET)) == 1
    monkeypatch.setattr("benchmarks.tables.digits.LARGEST_BYTES", 10)
    with pytest.raises(TableError, match="bytes are more than 10"):
        read_digits(path, RESNET)
