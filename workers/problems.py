"""What ends a job or a trial that its request asked for: each names the field that is to blame."""

from __future__ import annotations

from app.field_errors import pointer
from app.problems import FieldError, StillhouseError

DATASET = "#/dataset"
TEACHER_EPOCHS = "#/training/teacher_epochs"
LONGEST_DETAIL = 500  # characters of what a stranger's file may have had a hand in


class UnfitNetwork(StillhouseError):
    """Raised when the network doesn't take the dataset's images, or has nothing to edit."""

    status = 422
    type = "unfit-network"
    title = "The network can't be compressed on this dataset"

    @classmethod
    def because(cls, detail: str, field: str = "network") -> UnfitNetwork:
        """Returns the problem, pointing at a field of the request's teacher."""
        return cls(detail, [FieldError(pointer("teacher", field), detail)])


class UnfitLatency(StillhouseError):
    """Raised when latency can't be measured as the request asks for."""

    status = 422
    type = "unfit-latency"
    title = "Latency can't be measured like that"

    @classmethod
    def because(cls, detail: str, field: str) -> UnfitLatency:
        """Returns the problem, pointing at a field of the request's part `latency`."""
        return cls(detail, [FieldError(pointer("latency", field), detail)])


class RejectedTeacher(StillhouseError):
    """Raised when an uploaded teacher is none, can't be compressed, or meets a limit."""

    status = 422
    type = "rejected-teacher"
    title = "The teacher can't be used"

    @classmethod
    def because(cls, field: str, detail: str) -> RejectedTeacher:
        """Returns the problem, pointing at a field of the upload; a long detail is cut."""
        if len(detail) > LONGEST_DETAIL:
            detail = detail[: LONGEST_DETAIL - 1] + "…"
        return cls(detail, [FieldError(pointer(field), detail)])


class EstimateFailed(StillhouseError):
    """Raised when an estimate meets a limit, or the process that makes it dies."""

    status = 500
    type = "estimate-failed"
    title = "The estimate could not be made"


class UnusableDataset(StillhouseError):
    """Raised when a dataset can't be read, or is too small to be split."""

    status = 422
    type = "unusable-dataset"
    title = "The dataset can't be learned from"

    @classmethod
    def because(cls, detail: str) -> UnusableDataset:
        """Returns the problem, pointing at the dataset."""
        return cls(detail, [FieldError(DATASET, detail)])


class UnusableEmbedding(StillhouseError):
    """Raised when the embedding to start from is gone or of another version."""

    status = 422
    type = "unusable-embedding"
    title = "The embedding can't be used"

    @classmethod
    def because(cls, detail: str) -> UnusableEmbedding:
        """Returns the problem, pointing at the embedding."""
        return cls(detail, [FieldError("#/search/embedding/from", detail)])


class InfeasibleConstraints(StillhouseError):
    """Raised when no student meets the constraints; says what the smallest one has."""

    status = 422
    type = "infeasible-constraints"
    title = "No student can meet the constraints"


class UselessTeacher(StillhouseError):
    """Raised when the trained teacher is no better than guessing, or its training diverged."""

    status = 422
    type = "useless-teacher"
    title = "The teacher has learned nothing"

    @classmethod
    def because(cls, detail: str) -> UselessTeacher:
        """Returns the problem, pointing at the teacher's training and the dataset."""
        advice = "train longer, or check that the labels belong to the images"
        return cls(detail, [FieldError(TEACHER_EPOCHS, advice), FieldError(DATASET, advice)])


class UselessUpload(StillhouseError):
    """Raised when an uploaded teacher is no better than guessing on the dataset."""

    status = 422
    type = "useless-teacher"
    title = "The teacher knows nothing of this dataset"

    @classmethod
    def because(cls, detail: str) -> UselessUpload:
        """Returns the problem, pointing at the teacher and the dataset, with what to look at."""
        advice = (
            "most likely the images are preprocessed in another way than those it was trained on:"
            " upload it with its `preprocessing`; or its classes are in another order"
        )
        where = (pointer("teacher", "id"), DATASET)
        return cls(f"{detail}; {advice}", [FieldError(one, advice) for one in where])


class TrialFailed(StillhouseError):
    """Raised (and put on record) when one trial can't be finished; the search goes on."""

    status = 500
    type = "trial-failed"
    title = "The trial failed"


class AllTrialsFailed(StillhouseError):
    """Raised when a job's first trials all failed: the next ones would as well."""

    status = 500
    type = "all-trials-failed"
    title = "Every trial failed"


class WorkFailed(StillhouseError):
    """Raised when work that isn't a trial (preparing, exporting) fails on a worker.

    Attributes:
        kind: name of the exception that the worker raised, or `WorkerDied`.
    """

    status = 500
    type = "work-failed"
    title = "A worker could not do its part"

    def __init__(self, name: str, kind: str, detail: str) -> None:
        super().__init__(f"{name}: {kind}: {detail}")
        self.kind = kind


class NoProgress(StillhouseError):
    """Raised when coordinator after coordinator took the job and none achieved anything."""

    status = 500
    type = "no-progress"
    title = "The job gets nowhere"


class NoStudent(StillhouseError):
    """Raised when a search ends and there is no student to offer."""

    status = 422
    type = "no-student"
    title = "The search found no student"
