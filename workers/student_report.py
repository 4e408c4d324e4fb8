"""What a student's `report.json` says, and the page for people that is made of it."""

from __future__ import annotations

import importlib.metadata
import logging
import platform
from collections.abc import Mapping
from typing import Any

from networks import Architecture
from workers.evaluation import Evaluation
from workers.report_page import Findings, Story, compare, report_page

log = logging.getLogger(__name__)

VERSIONED = ("stillhouse", "torch", "numpy", "ray", "safetensors", "onnx", "onnxruntime")


def full_report(told: Mapping[str, Any], measured: Mapping[str, object]) -> dict[str, Any]:
    """Returns `report.json`: what was told, what was measured of the student, and the versions."""
    versions = {name: importlib.metadata.version(name) for name in VERSIONED}
    return {
        **told,
        "student": {**told["student"], **measured},
        "dtype": "float32",
        "versions": {"python": platform.python_version(), **versions},
    }


def page_files(
    report: Mapping[str, Any],
    story: Story,
    architectures: tuple[str, str],
    teacher: Evaluation,
    student: Evaluation,
) -> dict[str, bytes]:
    """Returns `report.html` by its name; no file if it can't be made, which costs no student.

    Args:
        report: what `report.json` says.
        story: how the job came to the student.
        architectures: JSON of the teacher's and the student's.
        teacher: what the teacher is worth on the test images.
        student: what the student is.
    """
    try:
        whole, cut = (Architecture.from_json(one) for one in architectures)
        layers = compare(whole, cut, report["student"]["edits"])
        page = report_page(Findings(report, story, layers, teacher, student))
    except Exception:
        log.exception("report.html of %s's trial %s", report["job"], report["student"]["trial"])
        return {}
    return {"report.html": page}
