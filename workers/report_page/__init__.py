"""`report.html`, a student's report for people: one file, without scripts, for any browser."""

from __future__ import annotations

from workers.report_page.layers import compare
from workers.report_page.page import Findings, report_page
from workers.report_page.story import Story, story_of

__all__ = ["Findings", "Story", "compare", "report_page", "story_of"]
