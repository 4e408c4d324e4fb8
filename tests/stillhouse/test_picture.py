from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from stillhouse.documents import JobStatus, Trial
from stillhouse.following import Look
from stillhouse.picture import clock_time, count, picture
from tests.stillhouse.fake_server import job_document, trial_document, trials_of_a_search


def drawn(job: dict[str, object], trials: list[dict[str, object]]) -> str:
    console = Console(file=StringIO(), width=140, record=True)
    look = Look(JobStatus.read(job), tuple(Trial.read(trial) for trial in trials), 72.0)
    console.print(picture(look))
    return console.export_text()


def test_a_search_is_seen_at_a_glance() -> None:
    text = drawn(job_document(), trials_of_a_search())
    assert "digits demo · searching" in text
    assert "zoo/resnet20  272k params · 2.5M MACs · accuracy 98.1%" in text
    assert "3/24 trials · 1 running · 1 failed" in text
    assert "training students · 1:12" in text
    assert "score 0.9912  accuracy 97.8% with 3.49% of the parameters" in text
    (best,) = [line for line in text.splitlines() if "★" in line]
    assert "1  completed" in best
    assert "3.49%   9.51k" in best
    assert all(len(line) <= 96 for line in text.splitlines())


def test_a_full_bar_is_the_most_that_is_allowed() -> None:
    request = {**job_document()["request"], "constraints": {"params_ratio": 0.05}}
    trial = trial_document(0, params=round(0.025 * 272_474))
    text = drawn(job_document(request=request), [trial])
    assert "parameters, of 5%" in text
    assert " ██████        2.50%" in text


def test_trials_in_the_queue_are_not_shown_and_old_ones_leave() -> None:
    trials = [trial_document(number) for number in range(20)]
    text = drawn(job_document(best=None), [*trials, trial_document(20, state="queued")])
    numbers = [line.split()[1] for line in text.splitlines() if "completed" in line]
    assert numbers == [str(number) for number in range(8, 20)]
    assert "queued" not in text


def test_stopped_trials_are_counted() -> None:
    progress = job_document()["progress"] | {"stopped": 4}
    trial = trial_document(5, state="stopped", accuracy=None, score=None)
    text = drawn(job_document(progress=progress), [trial])
    assert "7/24 trials · 1 running · 4 stopped · 1 failed" in text
    assert "5  stopped" in text


def test_a_picture_keeps_its_height_while_trials_come() -> None:
    few = drawn(job_document(), trials_of_a_search()[:1])
    many = drawn(job_document(), [trial_document(number) for number in range(30)])
    assert len(few.splitlines()) == len(many.splitlines())


def test_a_long_history_leaves_the_labels_alone() -> None:
    trials = [trial_document(number, score=0.9 + number / 1000) for number in range(40)]
    text = drawn(job_document(), trials)
    assert "progress " in text
    assert "▁▁▂▂▂▃▃▄▄▄▅▅▅▆▆▇▇▇██" in text


def test_before_the_teacher_is_trained() -> None:
    text = drawn(job_document(state="preparing", teacher=None, best=None), [])
    assert "zoo/resnet20  in training" in text
    assert "none yet" in text


def test_a_failure_says_why_and_markup_in_names_is_text() -> None:
    error = {"title": "Useless", "detail": "no better than chance"}
    text = drawn(job_document(state="failed", error=error, name="[red]x"), [])
    assert "no better than chance" in text
    assert "[red]x · failed" in text


@pytest.mark.parametrize(("seconds", "text"), [(5.9, "0:05"), (72, "1:12"), (3725, "1:02:05")])
def test_times(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(999, "999"), (9510, "9.51k"), (11_173_962, "11.2M"), (4_100_000_000, "4.1G")],
)
def test_counts(number: int, text: str) -> None:
    assert count(number) == text
