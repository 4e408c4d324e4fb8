"""The adapters by name, and the tables that a folder has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from benchmarks.tables import channel_bench, nas_bench_macro, nats_sss
from benchmarks.tables.table import Table, TableError


@dataclass(frozen=True)
class Adapter:
    """How a table is read.

    Attributes:
        read: Takes the path and returns the table.
        files: The names that its files have where they are published, any of which will do.
        together: Whether it is read from a folder that has all of `files`.
    """

    read: Callable[[Path], Table]
    files: tuple[str, ...]
    together: bool = False

    def find(self, folder: Path) -> Path | None:
        """Returns the path of the table in a folder, if it is there."""
        if self.together:
            return folder if all((folder / name).is_file() for name in self.files) else None
        return next((folder / name for name in self.files if (folder / name).is_file()), None)


ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "nas-bench-macro": Adapter(nas_bench_macro.read, nas_bench_macro.FILES),
        "channel-bench-resnet": Adapter(channel_bench.read_resnet, channel_bench.RESNET_FILES),
        "channel-bench-mobilenet": Adapter(
            channel_bench.read_mobilenet, channel_bench.MOBILENET_FILES
        ),
        **{
            dataset.name: Adapter(partial(nats_sss.read, dataset), dataset.files, together=True)
            for dataset in (nats_sss.CIFAR10, nats_sss.CIFAR100, nats_sss.IMAGENET16)
        },
    }
)


def load_table(adapter: str, path: Path | str) -> Table:
    """Returns the table at a path: a file, or a folder that has it under its published name.

    Raises:
        TableError: If there is no such adapter, or the files are not of its form.
    """
    if adapter not in ADAPTERS:
        raise TableError(f"there is no adapter {adapter!r}: {', '.join(ADAPTERS)}")
    path, form = Path(path), ADAPTERS[adapter]
    if form.together and not path.is_dir():
        raise TableError(f"{path}: must be the folder of {' and '.join(form.files)}")
    found = form.find(path) if path.is_dir() else path
    if found is None:
        names = (" and " if form.together else " or ").join(form.files)
        raise TableError(f"{path}: doesn't have {names}")
    return form.read(found)


def find_tables(folder: Path | str) -> list[tuple[str, Path]]:
    """Returns the adapters and paths of the tables in a folder and the folders in it, in order.

    Raises:
        TableError: If there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise TableError(f"{folder}: is no folder")
    folders = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    found = [(name, x.find(place)) for name, x in ADAPTERS.items() for place in folders]
    return [(name, path) for name, path in found if path is not None]
