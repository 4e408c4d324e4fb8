from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.tables import ADAPTERS, TableError, find_tables, load_table
from benchmarks.tables.channel_bench import MOBILENET, RESNET
from benchmarks.tables.nas_bench_macro import FORM
from tests.benchmarks.tables.table_files import write_digits, write_nats

FILES = {
    "nas-bench-macro": ("nas-bench-macro-cifar10.json", FORM),
    "channel-bench-resnet": ("channel-bench-macro-resnet-cifar10.json", RESNET),
    "channel-bench-mobilenet": ("Results_MobileNet.json", MOBILENET),
}
NATS = {
    "nats-sss-cifar10": "cifar10_accs.npy",
    "nats-sss-cifar100": "cifar100_accs.npy",
    "nats-sss-imagenet16": "ImageNet16-120.npy",
}


def write_all(folder: Path) -> None:
    for file, form in FILES.values():
        write_digits(folder / file, form, [form.teacher])
    (folder / "nats").mkdir()
    for file in NATS.values():
        write_nats(folder / "nats", file, ["64:64:64:64:64"], [90.0])


def test_there_is_an_adapter_for_each_table() -> None:
    assert list(ADAPTERS) == [*FILES, *NATS]


def test_tables_are_found_in_a_folder_and_those_in_it(tmp_path: Path) -> None:
    write_all(tmp_path)
    (tmp_path / "README.md").write_text("nothing of ours")
    found = find_tables(tmp_path)
    assert found == [
        *((name, tmp_path / file) for name, (file, _) in FILES.items()),
        *((name, tmp_path / "nats") for name in NATS),
    ]
    for name, path in found:
        table = load_table(name, path)
        assert (table.name, len(table)) == (name, 1)


def test_a_table_is_found_by_its_folder(tmp_path: Path) -> None:
    write_all(tmp_path)
    for name in FILES:
        assert load_table(name, str(tmp_path)).name == name


def test_a_folder_without_a_table_has_none(tmp_path: Path) -> None:
    (tmp_path / "arch_strings.npy").write_bytes(b"")  # without the accuracies
    assert find_tables(tmp_path) == []
    with pytest.raises(TableError, match="is no folder"):
        find_tables(tmp_path / "missing")


@pytest.mark.parametrize(
    ("adapter", "told"),
    [
        ("nas-bench-201", "there is no adapter 'nas-bench-201': nas-bench-macro, "),
        ("nas-bench-macro", "doesn't have nas-bench-macro-cifar10.json or "),
        ("nats-sss-cifar10", "doesn't have arch_strings.npy and cifar10_accs.npy"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, adapter: str, told: str) -> None:
    with pytest.raises(TableError, match=told):
        load_table(adapter, tmp_path)


def test_a_file_is_no_table_of_several(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"must be the folder of arch_strings.npy and"):
        load_table("nats-sss-cifar100", tmp_path / "arch_strings.npy")
