import pytest
import torch
from torch import Tensor, nn

import networks
from app.artifacts import Artifacts
from app.database import Database
from networks import ExportError
from tests.workers.jobs import InlinePool, held_work, pointers
from workers import exporting
from workers.exporting import expect_exportable, try_export
from workers.pool import Failure
from workers.preparation import prepare
from workers.problems import UnfitNetwork, WorkFailed

_try_export = try_export  # as it is, before a fixture takes its place


class Unwritable(nn.Module):
    """Has an operator that ONNX has no form for."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 8, 3))
        self.last = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.last(torch.special.i0e(self.first(x).mean((2, 3))))
        return logits


def test_a_teacher_without_an_onnx_form_ends_the_job_before_anything_is_trained(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "try_export", _try_export)
    monkeypatch.setattr("networks.network", lambda *_: Unwritable())
    work = held_work(database, artifacts, trained=False)
    with pytest.raises(
        UnfitNetwork, match=r"ONNX has none of operator prims\.bessel_i0e"
    ) as raised:
        prepare(work)
    assert pointers(raised.value.problem()) == ["#/teacher/network"]
    assert isinstance(work.pool, InlinePool)
    assert work.pool.sent == ["the trial of the export"]


def test_a_worker_that_dies_is_not_the_teacher_s_fault(
    database: Database, artifacts: Artifacts
) -> None:
    work = held_work(database, artifacts, trained=False)
    assert isinstance(work.pool, InlinePool)
    work.pool.before = lambda _: Failure("WorkerDied", "again", "")
    architecture = networks.trace(Unwritable(), torch.zeros(2, 1, 8, 8)).architecture
    with pytest.raises(WorkFailed, match="WorkerDied"):
        expect_exportable(work, architecture)


def test_the_trial_says_which_operator_is_to_blame() -> None:
    architecture = networks.trace(Unwritable(), torch.zeros(2, 1, 8, 8)).architecture
    with pytest.raises(ExportError, match=r"bessel_i0e"):
        _try_export(architecture.to_json())
