"""A network of a user's own, through real servers, and its student through them again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.datasets import load_digits
from torch.nn import functional

from stillhouse import Client, TeacherRejected, load_student
from stillhouse.documents import UploadedTeacher
from tests.stillhouse.little import PREPROCESSING, Little, little
from tests.stillhouse.servers import served

DIGITS = {"dataset": {"name": "digits"}}
SMALL: dict[str, Any] = {
    "constraints": {"params_ratio": 0.7},
    "search": {"evaluations": 2, "strategy": "random", "round_to": 4},
    "training": {"search_epochs": 1, "final_epochs": 1, "final_students": 1},
}


def digits() -> tuple[torch.Tensor, torch.Tensor]:
    found = load_digits()
    images = torch.tensor(found.images, dtype=torch.float32)[:, None] / 16
    return (images - 0.3) / 0.4, torch.tensor(found.target)


def trained() -> Little:
    module, (images, labels) = little().train(), digits()
    optimizer = torch.optim.Adam(module.parameters(), 1e-2)
    generator = torch.Generator().manual_seed(0)
    for _ in range(100):
        batch = torch.randint(0, 1200, (128,), generator=generator)
        loss = functional.cross_entropy(module(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return module.eval()


def expect_estimates(client: Client, teacher: UploadedTeacher) -> None:
    """One of constraints that students keep, and one of some that none does."""
    assert client.estimate({**DIGITS, **SMALL}, teacher).feasible
    found = client.estimate({**DIGITS, "constraints": {"params": 5}}, teacher)
    assert not found.feasible
    assert found.result is not None
    assert found.result["constraints"]["nearest"]["params"] > 5


@pytest.mark.slow
@pytest.mark.cluster
def test_a_network_of_ones_own_becomes_a_student_and_that_a_teacher(tmp_path: Path) -> None:
    module = trained()
    with served(tmp_path / "home") as (_, client):
        teacher = client.upload_teacher(
            module, example=torch.zeros(1, 1, 8, 8), preprocessing=PREPROCESSING
        )
        assert teacher.state == "ready"
        expect_estimates(client, teacher)
        student = client.compress(teacher, dataset="digits", **SMALL)
        measured = client.job(student.job_id).status.teacher
        assert measured is not None
        assert measured.accuracy > 0.7
        loaded = load_student(student.download(tmp_path / "student"))
        assert loaded.preprocessing == PREPROCESSING
        images = digits()[0][:3]
        assert loaded.module(images).shape == (3, 10)
        torch.testing.assert_close(student.module()(images), loaded.module(images))
        again = client.upload_teacher(tmp_path / "student")
        assert again.state == "ready"
        assert again.summary is not None
        assert again.summary["params"] < sum(one.numel() for one in module.parameters())
        broken = tmp_path / "broken.onnx"
        broken.write_bytes(b"not a graph")
        with pytest.raises(TeacherRejected, match="onnx"):
            client.upload_teacher(broken)
