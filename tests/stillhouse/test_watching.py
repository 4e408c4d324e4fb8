from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.console import Console

from stillhouse import Client
from stillhouse.documents import Trial
from stillhouse.following import Look, follow
from stillhouse.watching import save_picture, watch
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document, trial_document

FIGURES = "score 0.9912, accuracy 0.9777, 9.51k params (3.49% of the teacher's)"
BEST = f"best to download: trial 1, {FIGURES}"
ENDED = {"state": "succeeded", "finished_at": "2026-01-02T03:05:06Z"}


def looks(client: Client, fake: FakeServer) -> list[Look]:
    job = client.job(JOB_ID)
    fake.jobs = [job_document(teacher=None), job_document(), job_document(**ENDED)]
    return list(follow(job, lambda _: None))


def test_lines_where_there_is_no_terminal(client: Client, fake: FakeServer) -> None:
    written = StringIO()
    last = watch(looks(client, fake), Console(file=written, width=40))
    assert last.status.state == "succeeded"
    assert written.getvalue().splitlines() == [
        "now: training students",
        "trial 0: 9.51k params, accuracy 0.8900, score 0.9000",
        "trial 1: 9.51k params, accuracy 0.9777, score 0.9912",
        "trial 2: failed",
        BEST,
        f"{JOB_ID} searching",
        "teacher: 272k params, accuracy 0.9814",
        f"{JOB_ID} succeeded after 1:00",
    ]


def test_a_stopped_trial_says_after_which_epoch(client: Client, fake: FakeServer) -> None:
    written = StringIO()
    (last,) = looks(client, fake)[-1:]
    stopped = trial_document(7, state="stopped", accuracy=None, score=None, epochs=2)
    look = replace(last, trials=(Trial.read(stopped),))
    watch([look], Console(file=written, width=40))
    assert "trial 7: stopped after epoch 2" in written.getvalue().splitlines()


def test_a_reused_trial_is_said_to_be(client: Client, fake: FakeServer) -> None:
    written = StringIO()
    fake.trials = [trial_document(0, reused_from={"job": "job_1", "trial": 7}), trial_document(1)]
    watch(looks(client, fake), Console(file=written, width=40))
    assert written.getvalue().splitlines()[1:3] == [
        "trial 0: 9.51k params, accuracy 0.9000, score 0.9500, reused",
        "trial 1: 9.51k params, accuracy 0.9000, score 0.9500",
    ]


def test_a_picture_in_a_terminal(client: Client, fake: FakeServer) -> None:
    written = StringIO()
    console = Console(file=written, width=96, force_terminal=True)
    last = watch(looks(client, fake), console)
    assert last.status.state == "succeeded"
    assert "digits demo · succeeded" in written.getvalue()


def test_a_look_is_saved_as_svg(client: Client, fake: FakeServer, tmp_path: Path) -> None:
    path = tmp_path / "docs" / "run.svg"
    save_picture(looks(client, fake)[-1], path)
    root = ET.parse(path).getroot()
    assert root.tag.endswith("svg")
    text = "".join(root.itertext()).replace("\xa0", " ")
    assert "zoo/resnet20" in text
    assert "url(http" not in path.read_text().replace('"', "")
