"""The searches by name: peers, ours, and what a change of their code or libraries is known by."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol, cast

from benchmarks.search.tasks import Task
from benchmarks.tables import Table

REPOSITORY = Path(__file__).resolve().parents[2]
PEERS = "benchmarks/search/peers"
TEACHER = f"{PEERS}/known_teacher.py"
SPACE = "benchmarks/search/table_space.py"
# What any search is told, and what a proposal of the table's rows means.
SHARED = tuple(f"benchmarks/search/{x}.py" for x in ("rows", "runs", "tasks"))


class Method(Protocol):
    """One search of one table; it is asked for a row and told the accuracy, in turns."""

    def ask(self) -> int:
        """Returns a row that the task allows, never one that it returned before.

        Raises:
            NoRowLeft: If there is none.
        """

    def tell(self, row: int, accuracy: float) -> None:
        """Takes the accuracy of the row that was asked for last, a fraction."""


class Factory(Protocol):
    """Starts a search."""

    def __call__(self, table: Table, task: Task, seed: int, start: Sequence[int]) -> Method:
        """Returns a search; it takes rows of `start` as its first ones, if it takes any."""


@dataclass(frozen=True)
class Entry:
    """Where a search's code is.

    Attributes:
        factory: `module:name` of its `Factory`.
        group: What it is in a comparison; ablations are ours with something taken away.
        packages: Libraries that it needs and that need not be installed, or that it stands for.
        sources: Globs of our own files that decide what it proposes.
    """

    factory: str
    group: Literal["peer", "ours", "ablation"]
    packages: tuple[str, ...]
    sources: tuple[str, ...]


def _peer(module: str, name: str, *packages: str, also: tuple[str, ...] = ()) -> Entry:
    return Entry(
        f"benchmarks.search.peers.{module}:{name}",
        "peer",
        packages,
        (f"{PEERS}/{module}.py", *SHARED, *also),
    )


def _ours(factory: str, group: Literal["ours", "ablation"], *also: str) -> Entry:
    own = ("embedding/*.py", "benchmarks/search/ours.py", SPACE, *SHARED, *also)
    return Entry(f"benchmarks.search.{factory}", group, ("torch", "botorch", "gpytorch"), own)


def _ablation(name: str) -> Entry:
    return _ours(f"ablations:{name}", "ablation", "benchmarks/search/ablations.py")


METHODS: Mapping[str, Entry] = MappingProxyType(
    {
        "random": _peer("random_search", "RandomSearch"),
        "evolution": _peer("evolution", "RegularisedEvolution"),
        "tpe": _peer("optuna_samplers", "tpe", "optuna", also=(TEACHER,)),
        "gpsampler": _peer("optuna_samplers", "gpsampler", "optuna", also=(TEACHER,)),
        "smac": _peer("smac_forest", "SmacForest", "smac"),
        "plain-gp": _peer("plain_gp", "PlainGP", "botorch", also=(TEACHER,)),
        "esnac2019": _peer(
            "esnac2019",
            "esnac2019",
            "torch",
            also=(f"{PEERS}/esnac_kernel.py", SPACE, "embedding/encoding.py"),
        ),
        "ours": _ours("ours:ours", "ours"),
        "ours-random-start": _ours(
            "ablations:random_start", "ours", "benchmarks/search/ablations.py"
        ),
        "ours-no-teacher": _ablation("without_teacher"),
        "ours-no-scaling-law": _ablation("without_scaling_law"),
        "ours-no-logarithm": _ablation("without_logarithm"),
        "ours-black-box": _ablation("black_box"),
        "ours-no-embedding": _ablation("without_embedding"),
        "ours-no-training": _ablation("without_training"),
        "ours-no-lines": _ablation("without_lines"),
        "ours-no-climbs": _ablation("without_climbs"),
        "ours-one-encoder": _ablation("one_encoder"),
    }
)


def load(name: str) -> Factory:
    """Returns the search's factory; its libraries are imported now."""
    module, _, attribute = METHODS[name].factory.partition(":")
    return cast("Factory", getattr(import_module(module), attribute))


def missing(name: str) -> tuple[str, ...]:
    """Returns the libraries that the search needs and that are not installed."""
    return tuple(x for x in METHODS[name].packages if not _installed(x))


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def version_of(name: str) -> str:
    """Returns what changes when a search may propose something else.

    Its libraries' versions, and the start of the SHA-256 of our own files.
    """
    entry = METHODS[name]
    digest = hashlib.sha256()
    for file in sorted({x for glob in entry.sources for x in REPOSITORY.glob(glob)}):
        digest.update(file.read_bytes())
    libraries = [f"{x} {version(x)}" for x in entry.packages]
    return " ".join([*libraries, digest.hexdigest()[:12]])
