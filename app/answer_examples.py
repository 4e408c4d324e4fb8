"""A whole example of each main answer, for the API's description."""

from collections.abc import Mapping
from typing import Any

from app.estimate_example import ESTIMATE
from app.search_examples import SURROGATE, pareto
from app.upload_examples import UPLOADS

_JOB_ID = "job_3qT7ZcWm8yPp5RkXj1NaVd"
_STUDENT_ID = "std_6Vb0hF2mUuQk1sYd9LxWcA"
_BEST: dict[str, Any] = {
    "trial": 17,
    "student": _STUDENT_ID,
    "score": 0.9931,
    "accuracy": 0.9814,
    "params": 9510,
    "params_ratio": 0.0349,
    "macs": 413776,
    "macs_ratio": 0.1634,
    "bytes": 39064,
    "bytes_ratio": 0.0357,
    "latency_ms": None,
}
_TRIAL: dict[str, Any] = {
    "number": 17,
    "state": "completed",
    "edits": {},
    "params": 9510,
    "macs": 413776,
    "bytes": 39064,
    "accuracy": 0.9814,
    "score": 0.9931,
    "epochs": 3,
    "duration_s": 27.1,
    "seed": 2508186513975217,
    "error": None,
    "latency_ms": None,
    "reused_from": None,
    "curve": [0.7212, 0.9703, 0.9814],
    "criterion": "l1",
    "lost_attempts": [],
}
_STUDENT: dict[str, Any] = _BEST | {
    "job": _JOB_ID,
    "final": True,
    "test_accuracy": 0.9778,
    "bytes": 39064,
    "files": [
        {
            "name": "student.pt2",
            "bytes": 161032,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "href": f"/v1/students/{_STUDENT_ID}/files/student.pt2",
        }
    ],
}
_EXAMPLES: Mapping[str, dict[str, Any]] = {
    **UPLOADS,
    "EstimateBody": ESTIMATE,
    "SurrogateBody": SURROGATE,
    "ParetoBody": pareto(_TRIAL, _STUDENT),
    "JobBody": {
        "id": _JOB_ID,
        "name": "digits on a phone",
        "state": "searching",
        "created_at": "2026-11-23T16:57:19.418000Z",
        "started_at": "2026-11-23T16:57:20.004000Z",
        "finished_at": None,
        "request": {
            "name": "digits on a phone",
            "teacher": {"network": "zoo/resnet20"},
            "dataset": {"name": "digits"},
            "constraints": {"params_ratio": 0.05},
            "search": {"evaluations": 24},
        },
        "teacher": {
            "params": 272474,
            "macs": 2532480,
            "bytes": 1093880,
            "accuracy": 0.9851,
            "latency_ms": None,
        },
        "progress": {
            "stage": "training students",
            "completed": 18,
            "running": 2,
            "failed": 0,
            "stopped": 1,
            "total": 24,
        },
        "best": _BEST,
        "embedding": None,
        "error": None,
    },
    "TrialBody": _TRIAL,
    "StudentBody": _STUDENT,
    "EmbeddingBody": {
        "id": "emb_7uV8wX9yZ0aB1cD2eF3gH4",
        "job": _JOB_ID,
        "created_at": "2026-11-23T17:05:36.204000Z",
        "teacher": "zoo/resnet20",
        "dataset": "digits",
        "trials": 24,
        "kernels": 8,
        "bytes": 1204224,
        "sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        "summary": {},
    },
    "ServerBody": {
        "version": "0.1.0",
        "key": {"name": "ada", "scopes": ["read", "submit"]},
        "coordinators": {"busy": True, "working": 1, "waiting": 2, "oldest_waiting_s": 41.5},
    },
}
_REFERENCE = "#/components/schemas/"


def add_example(answer: dict[str, Any]) -> None:
    """Writes a whole body into the description of an answer, where there is one for it."""
    content = answer.get("content", {}).get("application/json", {})
    name = str(content.get("schema", {}).get("$ref", "")).removeprefix(_REFERENCE)
    if name == "StudentsBody":
        content["example"] = {"items": [_EXAMPLES["StudentBody"]]}
    elif name.startswith("PageBody_") and (item := name[9:].rstrip("_")) in _EXAMPLES:
        content["example"] = {"items": [_EXAMPLES[item]], "next": None}
    elif name in _EXAMPLES:
        content["example"] = _EXAMPLES[name]
