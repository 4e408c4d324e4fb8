"""Holds a table against the networks it is about: each is built and its costs are counted.

That a table passed is remembered, by its contents and by the code that built and counted.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

import networks
from benchmarks.tables.table import Table, TableError
from networks import architecture_costs

SOURCES = (Path(__file__).parent, Path(networks.__file__).parent)


def cache_folder() -> Path:
    """Returns where the tables that passed are remembered, by the rules of the XDG."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "stillhouse" / "tables"


def check(table: Table, cache: Path | None = None) -> bool:
    """Counts every network's parameters and MACs, unless that was done; shows its progress.

    Args:
        table: To be checked.
        cache: The folder that remembers, `cache_folder()` if there is none.

    Returns:
        Whether the networks were counted now.

    Raises:
        TableError: If a count is not the table's; names the key, what the table says and the count.
    """
    passed = (cache or cache_folder()) / f"{table.name}-{_fingerprint(table)}"
    if passed.exists():
        return False
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"counting {table.name}", total=len(table))
        for row in range(len(table)):
            _check_row(table, row)
            progress.update(task, completed=row + 1)
    _remember(passed)
    return True


def _check_row(table: Table, row: int) -> None:
    counted = architecture_costs(table.architecture(row))
    for cost, told, count in (
        ("parameters", table.params[row], counted.params),
        ("MACs", table.macs[row], counted.macs),
    ):
        if int(told) != int(count):
            raise TableError(
                f"{table.name}: {table.keys[row]!r}: the table has {int(told):,} {cost} and its"
                f" network {int(count):,}"
            )


def _remember(passed: Path) -> None:
    """Leaves a file behind; a cache that can't be written only costs the time."""
    try:
        passed.parent.mkdir(parents=True, exist_ok=True)
        passed.touch()
    except OSError:
        return


def _fingerprint(table: Table) -> str:
    """SHA-256 of all that a check depends on."""
    digest = hashlib.sha256("\n".join(table.keys).encode())
    for tensor in (table.choices, table.params, table.macs):
        digest.update(tensor.contiguous().numpy().tobytes())
    for source in SOURCES:
        for path in sorted(source.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
