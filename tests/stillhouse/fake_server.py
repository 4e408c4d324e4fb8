"""A server of the HTTP contract in a few lines, for the client's tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

Document = dict[str, Any]

KINDS = ("jobs", "datasets", "teachers", "embeddings")
JOB_ID = "job_0aB1cD2eF3gH4iJ5kL6mN7"


def job_document(**changes: object) -> Document:
    document: Document = {
        "id": JOB_ID,
        "name": "digits demo",
        "state": "searching",
        "created_at": "2026-01-02T03:04:05Z",
        "started_at": "2026-01-02T03:04:06Z",
        "finished_at": None,
        "request": {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}},
        "teacher": {"params": 272_474, "macs": 2_500_000, "accuracy": 0.9814},
        "progress": {
            "stage": "training students",
            "completed": 2,
            "running": 1,
            "failed": 1,
            "total": 24,
        },
        "best": {
            "trial": 1,
            "student": "std_1",
            "score": 0.9912,
            "accuracy": 0.9777,
            "params": 9_510,
            "params_ratio": 0.0349,
            "macs": 120_000,
            "macs_ratio": 0.048,
        },
        "embedding": None,
        "error": None,
    }
    return document | changes


def trial_document(number: int, **changes: object) -> Document:
    document: Document = {
        "number": number,
        "state": "completed",
        "edits": {},
        "params": 9_510 + number,
        "macs": 120_000,
        "bytes": 38_040,
        "accuracy": 0.9,
        "score": 0.95,
        "epochs": 5,
        "duration_s": 4.2,
        "seed": 7,
        "error": None,
    }
    return document | changes


def announced(student_id: str, files: Mapping[str, bytes]) -> list[Document]:
    """A student's files as the server tells of them."""
    return [
        {
            "name": name,
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "href": f"/v1/students/{student_id}/files/{name}",
        }
        for name, data in files.items()
    ]


def pareto_document(
    number: int, student_id: str, *, final: bool = True, files: Mapping[str, bytes] | None = None
) -> Document:
    """A trial of a Pareto set that became a student."""
    student = {
        "id": student_id,
        "final": final,
        "accuracy": 0.925,
        "test_accuracy": 0.92 if final else None,
        "score": 0.96,
        "latency_ms": None,
        "files": announced(student_id, files or {}),
    }
    return trial_document(number, student=student)


def teacher_document(**changes: object) -> Document:
    document: Document = {
        "id": "tch_1",
        "name": "Little",
        "state": "checking",
        "summary": {
            "params": 5_374,
            "macs": 83_392,
            "layers": 5,
            "groups": 3,
            "removals": 1,
            "frozen": {"sort": "operator 'aten.sort' is not known"},
        },
        "error": None,
    }
    return document | changes


def dataset_document(**changes: object) -> Document:
    document: Document = {
        "id": "dst_1",
        "name": "flowers",
        "n": 1530,
        "test_n": 170,
        "shape": [64, 64, 3],
        "class_counts": [1500, 30],
        "notes": ["the classes are of very different sizes"],
    }
    return document | changes


def embedding_document(number: int) -> Document:
    return {
        "id": f"emb_{number}",
        "job": JOB_ID,
        "created_at": "2026-01-02T03:05:06Z",
        "teacher": "zoo/resnet20",
        "dataset": "digits",
        "trials": 24,
    }


def costs(share: float) -> Document:
    """A student with a share of everything that the teacher has."""
    whole = {"params": 272_474, "macs": 2_500_000, "bytes": 1_090_000, "activations": 42_442}
    ratios = {"params_ratio": share, "macs_ratio": share}
    return {name: int(cost * share) for name, cost in whole.items()} | ratios


def estimate_result(**changes: object) -> Document:
    edges = [0.01, 0.1, 1.0]
    histogram = {"edges": edges, "counts": [1200, 800], "kept": [1100, 0]}
    result: Document = {
        "teacher": costs(1.0) | {"latency_ms": 0.5, "layers": 22, "input_shape": [1, 8, 8]},
        "groups": [{"name": f"conv{n}", "units": 8 * n, "channels": 8 * n} for n in range(1, 9)],
        "removals": 23,
        "skips": 44,
        "frozen": {"sort": "operator 'aten.sort' is not known"},
        "space": {
            "drawn": 2000,
            "smallest": costs(0.01) | {"latency_ms": 0.02},
            "median": costs(0.08) | {"latency_ms": None},
            "largest": costs(0.9) | {"latency_ms": None},
            "histogram": {"params_ratio": histogram, "macs_ratio": histogram},
        },
        "constraints": {
            "limits": {"params": 27_247.0},
            "feasible": True,
            "feasible_share": 0.55,
            "unjudged": [],
            "nearest": None,
            "errors": [],
        },
        "latency": {
            "runtime": "onnxruntime",
            "batch_size": 1,
            "threads": 1,
            "skipped": {"median": "too slow", "largest": "too slow"},
            "error": {"median": 0.12, "p90": 0.3, "measured": 2},
        },
        "time": {"teacher_s": 30.0, "search_s": 60.0, "final_s": 10.0, "total_s": 100.0},
        "notes": ["no latency was measured of median, largest: too slow"],
    }
    return result | changes


def infeasible_result() -> Document:
    error = {"pointer": "#/constraints/params_ratio", "detail": "the nearest student has 2,724"}
    return estimate_result(
        constraints={
            "limits": {"params": 272.0},
            "feasible": False,
            "feasible_share": 0.0,
            "unjudged": [],
            "nearest": costs(0.01) | {"latency_ms": 0.02},
            "errors": [error],
        }
    )


def estimate_document(**changes: object) -> Document:
    document: Document = {
        "id": "est_1",
        "state": "succeeded",
        "request": {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}},
        "result": estimate_result(),
        "error": None,
    }
    return document | changes


def trials_of_a_search() -> list[Document]:
    return [
        trial_document(0, score=0.9, accuracy=0.89),
        trial_document(1, score=0.9912, accuracy=0.9777),
        trial_document(2, state="failed", score=None, accuracy=None, error={"title": "Diverged"}),
        trial_document(3, state="running", score=None, accuracy=None, duration_s=None),
        trial_document(4, state="queued", score=None, accuracy=None, duration_s=None),
    ]


@dataclass
class FakeServer:
    """Answers as the contract says, from what a test puts in.

    Attributes:
        jobs: What `GET /v1/jobs/{id}` answers next; the last one stays.
        trials: The job's trials, two a page; `pareto`: those that no other beats.
        files: The best student's files by name; None: there is no student.
        damaged: Names of files that arrive shortened.
        takes_first: Whether it knows of `first`, which older servers don't.
        tags: Whether it knows of `ETag` and `wait`; who waits sees the next of `jobs`.
        full: Whether nobody else may wait.
        silent: How many requests get no answer before the next does.
        lost: How many requests arrive, and their answers don't.
        later: What is answered next, in place of anything else.
        teachers: What `GET /v1/teachers/{id}` answers next; the last one stays.
        estimates: What `GET /v1/estimates/{id}` answers next; the last one stays.
        embeddings: What `GET /v1/embeddings` lists.
    """

    jobs: list[Document] = field(default_factory=lambda: [job_document()])
    trials: list[Document] = field(default_factory=trials_of_a_search)
    pareto: list[Document] = field(default_factory=list)
    files: dict[str, bytes] | None = None
    damaged: set[str] = field(default_factory=set)
    silent: int = 0
    lost: int = 0
    later: list[httpx.Response] = field(default_factory=list)
    tags: bool = False
    full: bool = False
    takes_first: bool = True
    requests: list[httpx.Request] = field(default_factory=list)
    teachers: list[Document] = field(
        default_factory=lambda: [teacher_document(), teacher_document(state="ready")]
    )
    estimates: list[Document] = field(
        default_factory=lambda: [
            estimate_document(state="queued", result=None),
            estimate_document(),
        ]
    )

    embeddings: list[Document] = field(
        default_factory=lambda: [embedding_document(n) for n in (2, 1)]
    )

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def bodies(self, path: str) -> list[Any]:
        """The JSON bodies that were posted to a path."""
        posted = [r for r in self.requests if r.method == "POST" and r.url.path == path]
        return [json.loads(request.content or b"null") for request in posted]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.silent:
            self.silent -= 1
            raise httpx.ConnectError("connection refused", request=request)
        request.read()
        self.requests.append(request)
        if self.later:
            return self.later.pop(0)
        parts = request.url.path.strip("/").split("/")
        if parts == ["readyz"]:
            return httpx.Response(200, json={"status": "ready"})
        routes: dict[tuple[str, str], Callable[[list[str], httpx.Request], httpx.Response]] = {
            ("POST", "jobs"): self._post_job,
            ("GET", "jobs"): self._get_job,
            ("GET", "students"): self._get_file,
            ("POST", "datasets"): self._post_dataset,
            ("GET", "datasets"): self._get_dataset,
            **{("DELETE", kind): self._delete for kind in KINDS},
            ("POST", "teachers"): self._post_teacher,
            ("GET", "teachers"): self._get_teacher,
            ("POST", "estimates"): lambda *_: httpx.Response(202, json=self.estimates[0]),
            ("GET", "estimates"): lambda *_: self._next(self.estimates),
            ("GET", "embeddings"): lambda *_: _page(self.embeddings),
        }
        answer = routes[request.method, parts[1]](parts[2:], request)
        if self.lost:
            self.lost -= 1
            raise httpx.ReadError("connection reset", request=request)
        return answer

    def _post_job(self, parts: list[str], request: httpx.Request) -> httpx.Response:
        if parts:  # a command
            state = {"cancel": "cancelled", "pause": "paused", "resume": "queued"}[parts[1]]
            self.jobs.append(job_document(state=state))
            return httpx.Response(202, json=self.jobs[-1])
        evaluations = json.loads(request.content).get("search", {}).get("evaluations", 40)
        if evaluations > 0:
            return httpx.Response(202, json=self.jobs[0])
        error = {"pointer": "#/search/evaluations", "detail": "should be at least 1"}
        return problem(422, "The request is not valid", "1 field is wrong", [error])

    def _get_job(  # noqa: PLR0911 - one for each route
        self, parts: list[str], request: httpx.Request
    ) -> httpx.Response:
        match parts:
            case []:
                return _page([self.jobs[0]])
            case [name, *_] if name != JOB_ID:
                return problem(404, "Not found", f"there is no job {name}")
            case [_, "trials"]:
                return self._trials(request.url.params)
            case [_, "best"]:
                return self._best()
            case [_, "pareto"]:
                return self._pareto()
            case [_, "students"]:
                return httpx.Response(200, json={"items": self._students()})
        return self._show_job(request)

    def _show_job(self, request: httpx.Request) -> httpx.Response:
        if not self.tags:
            return self._next(self.jobs)
        held = request.headers.get("if-none-match")
        if "wait" in request.url.params and self.full:
            return problem(429, "Too many", "no room for one more who waits")
        if "wait" in request.url.params and len(self.jobs) > 1:
            self.jobs.pop(0)
        tag = f'"{len(self.jobs)}"'
        if held == tag:
            return httpx.Response(304, headers={"ETag": tag})
        return httpx.Response(200, json=self.jobs[0], headers={"ETag": tag})

    def _trials(self, params: httpx.QueryParams) -> httpx.Response:
        first = int(params.get("first", "0")) if self.takes_first else 0
        asked = [trial for trial in self.trials if trial["number"] >= first]
        start = int(params.get("cursor", "0"))
        stop = start + 2
        following = str(stop) if stop < len(asked) else None
        return httpx.Response(200, json={"items": asked[start:stop], "next": following})

    def _best(self) -> httpx.Response:
        if self.files is None:
            return problem(404, "Not found", "there is no student yet")
        best = job_document()["best"] | {"id": "std_1", "job": JOB_ID, "final": False}
        return httpx.Response(200, json=best | {"files": announced("std_1", self.files)})

    def _students(self) -> list[Document]:
        if self.files is None:
            return []
        best = job_document()["best"] | {"student": "std_1", "job": JOB_ID, "final": False}
        return [best | {"files": announced("std_1", self.files)}]

    def _pareto(self) -> httpx.Response:
        return httpx.Response(200, json={"items": self.pareto, "costs": ["macs", "bytes"]})

    def _get_file(self, parts: list[str], _: httpx.Request) -> httpx.Response:
        name = parts[-1]
        data = (self.files or {})[name]
        return httpx.Response(200, content=data[:-1] if name in self.damaged else data)

    def _post_teacher(self, _: list[str], request: httpx.Request) -> httpx.Response:
        assert request.headers["content-type"].startswith("multipart/form-data")
        return httpx.Response(201, json=self.teachers[0])

    def _get_teacher(self, parts: list[str], _: httpx.Request) -> httpx.Response:
        return self._next(self.teachers) if parts else _page([self.teachers[-1]])

    @staticmethod
    def _next(documents: list[Document]) -> httpx.Response:
        return httpx.Response(200, json=documents.pop(0) if len(documents) > 1 else documents[0])

    def _delete(self, parts: list[str], _: httpx.Request) -> httpx.Response:
        (name,) = parts
        if name.endswith("none"):
            return problem(404, "Not found", f"there is no {name}")
        return httpx.Response(204)

    def _get_dataset(self, parts: list[str], _: httpx.Request) -> httpx.Response:
        if parts:
            return httpx.Response(200, json=dataset_document(id=parts[0]))
        return _page([dataset_document()])

    def _post_dataset(self, _: list[str], request: httpx.Request) -> httpx.Response:
        assert request.headers["content-type"].startswith("multipart/form-data")
        taken = dataset_document(bytes=len(request.content))
        return httpx.Response(201, json=taken)


def problem(
    status: int, title: str, detail: str, errors: list[Document] | None = None
) -> httpx.Response:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = {"content-type": "application/problem+json"}
    return httpx.Response(status, json=body | {"errors": errors or []}, headers=headers)


def _page(items: list[Document]) -> httpx.Response:
    return httpx.Response(200, json={"items": items, "next": None})
