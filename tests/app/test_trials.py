from dataclasses import replace

import pytest
from sqlalchemy import update

from app.database import Database
from app.problems import Invalid
from app.records import TrialSource
from app.tables import Job
from app.trials import (
    TrialFigures,
    completed_figures,
    find_trained,
    get_trials,
    list_trials,
    page_of_trials,
)
from tests.app.samples import RESULT, held_job, new_trial


def test_trials_come_by_their_number_in_pages(database: Database) -> None:
    lease, writer = held_job(database)
    writer.add_trials([new_trial(number) for number in (4, 1, 3, 0, 2)], None)
    with database.read() as session:
        everything = list_trials(session, lease.job_id)
        first = page_of_trials(session, lease.job_id, 3, None)
        second = page_of_trials(session, lease.job_id, 3, first.next)
        later = page_of_trials(session, lease.job_id, 2, None, first=2)
        rest = page_of_trials(session, lease.job_id, 2, later.next, first=2)
        assert list_trials(session, lease.job_id, first=2) == everything[2:]
    assert [trial.number for trial in everything] == [0, 1, 2, 3, 4]
    assert first.items + second.items == tuple(everything)
    assert second.next is None
    assert later.items + rest.items == tuple(everything[2:])
    trial = everything[4]
    assert (trial.state, trial.hash, trial.params, trial.macs) == ("queued", "hash 4", 200, 3000)
    assert (trial.bytes, trial.seed, trial.accuracy) == (900, 7, None)


def test_some_trials_and_what_the_completed_are_worth(database: Database) -> None:
    lease, writer = held_job(database)
    writer.add_trials([new_trial(number) for number in range(4)], None)
    writer.trial_completed(1, RESULT)
    writer.trial_failed(2, {})
    with database.read() as session:
        everything = list_trials(session, lease.job_id)
        some = get_trials(session, lease.job_id, [3, 1])
        figures = completed_figures(session, lease.job_id)
    assert sorted(some, key=lambda trial: trial.number) == [everything[1], everything[3]]
    assert figures == [TrialFigures(1, "completed", 200, 3000, 900, RESULT.accuracy, None)]


def test_another_jobs_trials_are_not_shown(database: Database) -> None:
    lease, _ = held_job(database)
    _, other = held_job(database)
    other.add_trials([new_trial(0)], None)
    with database.read() as session:
        assert list_trials(session, lease.job_id) == []


def test_a_strange_cursor_is_refused(database: Database) -> None:
    with database.read() as session, pytest.raises(Invalid):
        page_of_trials(session, "job", 3, "x")


def _trained(
    database: Database, recipe: str | None, *, completed: bool = True, owner: str | None = None
) -> str:
    """Returns a job with a trial of number 4, by a recipe."""
    lease, writer = held_job(database)
    with database.write() as session:
        session.execute(update(Job).where(Job.id == lease.job_id).values(owner=owner))
    writer.add_trials([replace(new_trial(4), recipe_hash=recipe)], None)
    if completed:
        writer.trial_completed(4, RESULT)
    return lease.job_id


def test_what_other_jobs_trained_by_a_recipe_is_found_the_oldest_first(database: Database) -> None:
    first, second, own = (_trained(database, "recipe") for _ in range(3))
    for recipe in ("other recipe", None):
        _trained(database, recipe)
    _trained(database, "recipe", completed=False)
    with database.read() as session:
        found = find_trained(session, own, "recipe", ["hash 4", "hash 5"])
        assert find_trained(session, own, "recipe", ["hash 5"]) == []
        (known,) = list_trials(session, second)
    assert [source for source, _ in found] == [TrialSource(first, 4), TrialSource(second, 4)]
    assert found[1][1] == known


def test_what_another_owners_job_trained_is_not_found(database: Database) -> None:
    owners = (None, "key_a", "key_b")
    jobs = {
        owner: [_trained(database, "recipe", owner=owner) for _ in range(2)] for owner in owners
    }
    with database.read() as session:
        for first, second in jobs.values():
            ((source, _),) = find_trained(session, second, "recipe", ["hash 4"])
            assert source.job == first


def test_a_stopped_trial_is_taken_over_by_none(database: Database) -> None:
    _, writer = held_job(database)
    writer.add_trials([replace(new_trial(4), recipe_hash="recipe")], None)
    writer.trial_stopped(4, (0.5,), 1.0, None)
    with database.read() as session:
        assert find_trained(session, "job", "recipe", ["hash 4"]) == []


def test_curve_and_criterion_are_kept(database: Database) -> None:
    lease, writer = held_job(database)
    writer.add_trials([new_trial(0), new_trial(1)], None)
    writer.trial_completed(0, replace(RESULT, curve=(0.5, 0.9), criterion="l1"))
    with database.read() as session:
        known, unknown = list_trials(session, lease.job_id)
    assert (known.curve, known.criterion) == ((0.5, 0.9), "l1")
    assert (unknown.curve, unknown.criterion) == (None, None)
