import logging
from collections.abc import Callable, Hashable
from typing import Any

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.surrogate_body import SurrogateBody
from app.surrogates import find_surrogate
from embedding import EmbeddingProposer, Outlook
from tests.workers.jobs import InlinePool, claimed_work, held_work, quick_student_files, read_trials
from workers.outlooks import Outlooks
from workers.preparation import Prepared, prepare
from workers.proposing import job_proposer, tell
from workers.search import Search
from workers.work import Work

SEARCH: dict[str, object] = {"strategy": "embedding", "kernels": 1, "evaluations": 5, "parallel": 1}


@pytest.fixture(autouse=True)
def _quick_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)


def _shown(database: Database, job_id: str) -> SurrogateBody:
    with database.read() as session:
        return SurrogateBody.of(find_surrogate(session, job_id))


def _searched(
    database: Database, artifacts: Artifacts, **search: object
) -> tuple[Work, Prepared, Search]:
    work = held_work(database, artifacts, search=SEARCH | search)
    prepared = prepare(work)
    search_of_job = Search(work, prepared)
    search_of_job.run()
    return work, prepared, search_of_job


def _told(work: Work, prepared: Prepared) -> EmbeddingProposer:
    proposer = job_proposer(work, prepared, None)
    assert isinstance(proposer, EmbeddingProposer)
    tell(proposer, read_trials(work.database, work.job.id))
    return proposer


def test_a_search_is_shown_with_every_trial(database: Database, artifacts: Artifacts) -> None:
    work, prepared, search = _searched(database, artifacts)
    search.outlooks.last(_told(work, prepared))
    shown = _shown(database, work.job.id)
    assert (shown.trials, len(shown.random_search or ())) == (5, 5)
    assert shown.map is not None
    assert [point.number for point in shown.map.points] == [0, 1, 2, 3, 4]


def test_what_waits_is_on_the_map_while_the_search_goes_on(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.outlooks.EVERY_S", 0.0)
    monkeypatch.setattr("workers.outlooks.SHARE", 1e9)
    work = held_work(database, artifacts, search=SEARCH)
    prepared = prepare(work)
    search, seen = Search(work, prepared), list[tuple[int, bool]]()

    def before(key: Hashable) -> None:
        if search.outlooks._under_way is not None:
            search.outlooks._under_way.result()
        shown = _shown(database, work.job.id)
        places = {point.number for point in shown.map.points} if shown.map else set()
        seen.append((shown.trials, key in places))

    assert isinstance(work.pool, InlinePool)
    work.pool.before = before
    search.run()
    assert {(3, True), (4, True)} <= set(seen)


@pytest.mark.parametrize("search", [{"strategy": "random"}, {"evaluations": 1}])
def test_where_there_is_no_map_none_is_shown(
    database: Database, artifacts: Artifacts, search: dict[str, object]
) -> None:
    work, prepared, done = _searched(database, artifacts, **search)
    done.outlooks.last(job_proposer(work, prepared, None))
    assert _shown(database, work.job.id).map is None


def test_it_is_looked_at_now_and_then_and_only_when_something_is_new(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared, search = _searched(database, artifacts, evaluations=3)
    search.outlooks.last(_told(work, prepared))
    now, made = [0.0], list[int]()

    def slow(_: Outlook, evaluations: int) -> list[float]:
        made.append(evaluations)
        now[0] += 2.0
        return [0.5]

    monkeypatch.setattr(Outlook, "random_search", slow)
    outlooks, proposer = Outlooks(work, lambda: now[0]), _told(work, prepared)
    trials = read_trials(database, work.job.id)

    def looks(at: float, n: int) -> int:
        now[0] = at
        outlooks.look(proposer, trials[:n])
        assert outlooks._under_way is not None
        outlooks._under_way.result()
        return len(made)

    assert looks(100.0, 2) == 1
    assert looks(200.0, 2) == 1  # nothing is new
    assert looks(201.0, 3) == 2
    assert looks(230.0, 2) == 2  # it took 2 s, a twentieth of which is the most
    assert looks(244.0, 2) == 3


@pytest.mark.parametrize("name", ["random_search", "map"])
def test_one_that_can_not_be_made_is_logged_and_the_search_goes_on(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, name: str,
) -> None:  # fmt: skip
    def broken(*_: object) -> None:
        raise RuntimeError("no look")

    monkeypatch.setattr(Outlook, name, broken)
    with caplog.at_level(logging.WARNING, "workers.outlooks"):
        work, prepared, search = _searched(database, artifacts)
        search.outlooks.last(_told(work, prepared))
    assert [trial.state for trial in read_trials(database, work.job.id)] == ["completed"] * 5
    assert "no look" in caplog.text
    assert _shown(database, work.job.id).trials == 0


def test_one_that_can_not_be_begun_is_logged_too(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    def broken(_: object) -> None:
        raise RuntimeError("no copy")

    monkeypatch.setattr(EmbeddingProposer, "outlook", broken)
    work, _, _ = _searched(database, artifacts, evaluations=2)
    assert [trial.state for trial in read_trials(database, work.job.id)] == ["completed"] * 2
    assert "no copy" in caplog.text


def test_who_takes_the_job_over_shows_what_there_is_and_no_mirror_image(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared, search = _searched(database, artifacts)
    search.outlooks.last(_told(work, prepared))
    befores: list[Any] = []
    made: Callable[..., Any] = Outlook.map

    def seen(self: Outlook, trials: Any, before: Any) -> Any:  # noqa: ANN401
        befores.append(before)
        return made(self, trials, before)

    monkeypatch.setattr(Outlook, "map", seen)
    first = _shown(database, work.job.id).map
    assert first is not None
    work.writer.finish("paused")  # which nobody asked for: another one may take it
    later = claimed_work(database, artifacts, work.job.id)
    Outlooks(later).last(_told(later, prepared))
    assert befores == [{point.number: (point.x, point.y) for point in first.points}]
    # The old coordinator can write nothing more.
    Outlooks(work).last(_told(work, prepared))
    assert _shown(database, work.job.id).trials == 5
