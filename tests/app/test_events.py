import json
from typing import Any

import pytest

from app import job_commands
from app.database import Database
from app.events import News, news_of
from app.known import Known
from app.lost_attempts import LostAttempt
from app.problems import NotFound
from app.tables import Job
from app.trial_losses import lose_attempt
from tests.app.samples import (
    RESULT,
    TEACHER,
    completed_trial,
    held_job,
    new_job,
    new_student,
    new_trial,
    searching_job,
)

Event = tuple[str, str, dict[str, Any]]  # id, kind, data


def read(text: bytes) -> list[Event]:
    found = []
    for event in text.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in event.split("\n"))
        found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found


def told(news: News) -> list[object]:
    """Returns what each event is about: a state, a trial's number and state, or a student."""
    about = {"state": ["state"], "trial": ["number", "state"], "best": ["student"]}
    found = [[data[name] for name in about[kind]] for _, kind, data in read(news.text)]
    return [one[0] if len(one) == 1 else tuple(one) for one in found]


def test_all_is_told_and_then_what_is_new(database: Database) -> None:
    lease, writer = searching_job(database)
    news = news_of(database, lease.job_id, Known())
    trials = [(0, "completed"), (1, "running"), (2, "queued")]
    assert told(news) == ["queued", *trials, "searching"]
    assert read(news.text)[-1][2]["progress"]["completed"] == 1
    assert (news.more, news.ended) == (False, False)

    again = news_of(database, lease.job_id, news.known)
    assert (again.text, again.known) == (b"", news.known)

    writer.trial_completed(1, RESULT)
    student = writer.add_student(new_student(trial=1), best=True)
    writer.trial_started(2)
    writer.set_state("finishing", "finishing")
    writer.finish("succeeded")
    last = news_of(database, lease.job_id, news.known)
    changed = [(1, "completed"), (2, "cancelled")]
    assert told(last) == ["finishing", *changed, student, "succeeded"]
    assert last.ended
    assert news_of(database, lease.job_id, last.known) == News(b"", last.known, False, True)


def test_who_comes_back_after_any_event_is_told_what_followed(database: Database) -> None:
    lease, writer = searching_job(database)
    writer.add_student(new_student(), best=True)
    events = read(news_of(database, lease.job_id, Known()).text)
    assert [kind for _, kind, _ in events] == ["state", "trial", "trial", "trial", "best", "state"]
    for place, (event_id, *_) in enumerate(events, 1):
        rest = news_of(database, lease.job_id, Known.parse(event_id))
        assert read(rest.text) == events[place:]


def test_each_state_that_was_missed_is_told(database: Database) -> None:
    job = new_job(database)
    known = news_of(database, job, Known()).known
    with database.write() as session:
        job_commands.pause(session, job)
        job_commands.resume(session, job)
        job_commands.cancel(session, job)
    assert told(news_of(database, job, known)) == ["paused", "queued", "cancelled"]


def test_a_trial_sent_again_is_told(database: Database) -> None:
    lease, writer = searching_job(database)
    known = news_of(database, lease.job_id, Known()).known
    lose_attempt(database, lease, 1, LostAttempt(0, "died", "signal 9"))
    writer.trial_started(1)
    news = news_of(database, lease.job_id, known)
    assert told(news) == [(1, "running")]
    assert read(news.text)[0][2]["lost_attempts"][0]["detail"] == "signal 9"


def test_changes_of_the_job_alone_are_told(database: Database) -> None:
    lease, writer = held_job(database)
    known = news_of(database, lease.job_id, Known()).known
    writer.set_stage("something new")
    news = news_of(database, lease.job_id, known)
    assert [data["progress"]["stage"] for *_, data in read(news.text)] == ["something new"]
    writer.record_teacher(TEACHER)
    assert told(news_of(database, lease.job_id, news.known)) == ["queued"]


def test_another_best_is_told(database: Database) -> None:
    lease, writer = searching_job(database)
    first = writer.add_student(new_student(), best=True)
    known = news_of(database, lease.job_id, Known()).known
    second = writer.add_student(new_student(trial=1), best=True)
    assert told(news_of(database, lease.job_id, known))[0] == second != first


def test_many_trials_come_in_parts(sqlite_database: Database) -> None:
    lease, writer = searching_job(sqlite_database)
    with sqlite_database.write() as session:
        session.add_all(completed_trial(lease.job_id, number) for number in range(3, 120))
    writer.add_trials([new_trial(120)], None)
    news, found = news_of(sqlite_database, lease.job_id, Known()), list[object]()
    parts = 1
    while news.more:
        found += told(news)
        news = news_of(sqlite_database, lease.job_id, Known.parse(str(news.known)))
        parts += 1
    found += told(news)
    assert parts == 3
    assert [one[0] for one in found if isinstance(one, tuple)] == list(range(121))
    assert found[-1] == "searching"


def test_of_a_job_of_an_older_release_the_states_from_now_on_are_told(database: Database) -> None:
    job = new_job(database)
    with database.write() as session:
        row = session.get(Job, job)
        assert row is not None
        row.states = None
    known = news_of(database, job, Known()).known
    with database.write() as session:
        job_commands.pause(session, job)
        job_commands.resume(session, job)
    assert told(news_of(database, job, known)) == ["paused", "queued"]


def test_there_is_no_news_of_no_job(database: Database) -> None:
    with pytest.raises(NotFound):
        news_of(database, "job_" + "a" * 22, Known())
