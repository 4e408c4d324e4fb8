from __future__ import annotations

import sys
from dataclasses import replace
from io import StringIO
from types import ModuleType, SimpleNamespace

import pytest
from rich.console import Console

from stillhouse import Client
from stillhouse.following import Look, follow
from stillhouse.progress import page_element, progress
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document


@pytest.fixture
def look(client: Client, fake: FakeServer) -> Look:
    fake.jobs = [job_document(state="succeeded", finished_at="2026-01-02T03:05:06Z")]
    (look,) = follow(client.job(JOB_ID))
    return look


def shown(look: Look, console: Console) -> None:
    with progress(console) as show:
        show(look)


def test_a_terminal_of_80_columns_has_a_bar(look: Look) -> None:
    written = StringIO()
    shown(look, Console(file=written, width=80, force_terminal=True, color_system=None))
    *_, bar, best, _ = written.getvalue().splitlines()
    assert bar.rstrip().endswith("3/24 trials  training students · 1:00")
    assert best.endswith("best: score 0.9912, accuracy 97.8%, 3.5% of the parameters")


def test_a_terminal_says_that_there_is_no_student_yet(look: Look) -> None:
    written = StringIO()
    status = replace(look.status, best=None)
    shown(replace(look, status=status), Console(file=written, width=120, force_terminal=True))
    assert "no student yet" in written.getvalue()


def test_a_log_has_plain_lines(look: Look) -> None:
    written = StringIO()
    shown(look, Console(file=written, width=40))
    assert written.getvalue().splitlines()[-1] == f"{JOB_ID} succeeded after 1:00"


def test_a_notebook_has_one_element_that_changes(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[str] = []
    handle = SimpleNamespace(update=pages.append)

    def display(page: str, *, display_id: bool) -> SimpleNamespace:
        assert display_id
        pages.append(page)
        return handle

    module = ModuleType("IPython.display")
    vars(module).update(HTML=lambda page: page, display=display)
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    shown(look, Console(force_jupyter=True))
    assert len(pages) == 2
    assert '<progress value="3" max="24"' in pages[1]
    assert "272k parameters" in pages[1]


def test_a_strangers_words_are_no_html(look: Look) -> None:
    status = replace(look.status, error={"detail": "<script>alert(1)</script>"}, teacher=None)
    page = page_element(replace(look, status=status))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "not measured yet" in page
