from __future__ import annotations

import pytest

from benchmarks.search.methods import METHODS, load, missing, version_of
from benchmarks.search.rows import NoRowLeft
from benchmarks.search.runs import evaluate
from benchmarks.search.tasks import TASKS, Task
from tests.benchmarks.made_up_table import made_up_table

PEERS = [x for x, y in METHODS.items() if y.group == "peer"]


@pytest.fixture(params=PEERS)
def peer(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    for package in METHODS[name].packages:
        pytest.importorskip(package)
    return name


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_a_peer_asks_for_allowed_rows_until_none_is_left(peer: str, task: Task) -> None:
    table = made_up_table((3, 2, 3))  # a few more than the first rows that any takes
    # The runner refuses rows that are not allowed or asked for a second time.
    rows, _, propose_s = evaluate(table, task, seed=1, evaluations=999, factory=load(peer))
    assert sorted(rows) == task.allowed(table).nonzero().squeeze(1).tolist()
    assert len(propose_s) == len(rows)


def test_a_peer_says_that_none_is_left(peer: str) -> None:
    table, task = made_up_table((2, 2)), TASKS["score"]
    method = load(peer)(table, task, 0, [0])
    for _ in range(3):
        row = method.ask()
        method.tell(row, 0.5)
    with pytest.raises(NoRowLeft):
        method.ask()


@pytest.mark.parametrize("name", ["accuracy-25", "pareto"])
def test_one_seed_gives_the_same_rows(peer: str, name: str) -> None:
    table = made_up_table((3, 4, 4))
    first, second = (evaluate(table, TASKS[name], 5, 12, load(peer))[0] for _ in range(2))
    assert first == second


def test_another_seed_gives_other_rows(peer: str) -> None:
    table = made_up_table((3, 4, 4))
    first, second = (evaluate(table, TASKS["score"], x, 12, load(peer))[0] for x in (0, 1))
    assert first != second


@pytest.mark.parametrize("equal", [0.0, 1.0])
def test_equal_accuracies_end_no_peer(peer: str, equal: float) -> None:
    table = made_up_table()
    method = load(peer)(table, Task("accuracy", "accuracy"), 0, [3, 9, 14, 20])
    asked = []
    for _ in range(7):
        asked.append(method.ask())
        method.tell(asked[-1], equal)
    assert len(set(asked)) == 7


def test_a_version_names_the_library_and_the_source() -> None:
    library, number, digest = version_of("plain-gp").split()
    assert library == "botorch"
    assert number.count(".") == 2
    assert len(digest) == 12
    assert digest != version_of("random")


def test_a_library_that_is_not_there_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = METHODS["random"]
    known = {"random": type(entry)(entry.factory, "peer", ("no-such-package-xyz",), entry.sources)}
    monkeypatch.setattr("benchmarks.search.methods.METHODS", known)
    assert missing("random") == ("no-such-package-xyz",)
