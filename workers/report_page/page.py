"""`report.html`: one file that tells a person what became of their network.

It needs no network and holds no script. Names that are a stranger's are text in it, never markup
(`markup.tag`), and its own policy forbids browsers to load or run anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.evaluation import Evaluation
from workers.report_page.facts import facts_table
from workers.report_page.headline import headline
from workers.report_page.layers import Comparison
from workers.report_page.markup import Markup, tag
from workers.report_page.sections import exam_section, layers_section, search_section
from workers.report_page.story import Story
from workers.report_page.style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class Findings:
    """All that a page tells.

    Attributes:
        report: what `report.json` says.
        story: how the job came to the student.
        layers: what became of the teacher's layers.
        teacher: what the teacher is worth on the test images.
        student: what the student is.
    """

    report: Mapping[str, Any]
    story: Story
    layers: Comparison
    teacher: Evaluation
    student: Evaluation


def report_page(found: Findings) -> bytes:
    """Returns `report.html`."""
    names = [str(name) for name in found.report["dataset"]["classes"]]
    page = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", f"{found.story.name} · Stillhouse"),
            tag("style", Markup(STYLE)),
        ),
        tag(
            "body",
            tag(
                "main",
                headline(found.report, found.story, found.teacher, found.student),
                search_section(found.report, found.story),
                layers_section(found.layers),
                exam_section(names, found.teacher, found.student),
                tag(
                    "section", tag("h2", "How it was made"), facts_table(found.report, found.story)
                ),
            ),
        ),
        lang="en",
    )
    return f"<!DOCTYPE html>\n{page}\n".encode()
