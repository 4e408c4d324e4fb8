"""Tables of trained networks, each read by an adapter that knows its files' form."""

from __future__ import annotations

from benchmarks.tables.adapters import ADAPTERS, find_tables, load_table
from benchmarks.tables.checked import check
from benchmarks.tables.table import Table, TableError

__all__ = ["ADAPTERS", "Table", "TableError", "check", "find_tables", "load_table"]
