"""Whether students could be written at all: tried on the teacher, before anything is trained."""

from __future__ import annotations

import networks
from networks import Architecture
from workers.problems import UnfitNetwork, WorkFailed
from workers.work import Work


def expect_exportable(work: Work, architecture: Architecture) -> None:
    """Tries the teacher's ONNX form: its students consist of its operators.

    Raises:
        UnfitNetwork: it has none, or `torch.export` can't take it; names the operator to blame.
        WorkFailed: the worker that tried it died.
        LeaseLost, Stopping, Commanded: as `Work.check`.
    """
    work.writer.set_stage("checking that its students can be exported")
    try:
        work.run("the trial of the export", try_export, architecture.to_json())
    except WorkFailed as error:
        if error.kind != networks.ExportError.__name__:
            raise
        teacher = work.job.request.teacher
        field = "network" if teacher.id is None else "id"
        detail = f"{teacher.name}: no student of it could be written: {error.detail}"
        raise UnfitNetwork.because(detail, field) from error


def try_export(architecture: str) -> None:
    """Tries the export of a network, given as JSON; runs on a worker.

    Raises:
        ExportError: it has no form that a student's files could have.
    """
    networks.expect_onnx_form(Architecture.from_json(architecture))
