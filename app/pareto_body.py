"""What the API answers of a job's Pareto set."""

from collections.abc import Iterable
from operator import attrgetter

from pydantic import Field

from app.bodies import Body, FileBody, TrialBody
from app.records import StudentRecord, TrialRecord
from app.requests import CostName


class ParetoStudentBody(Body):
    """The student that a trial became, with its files; its figures are its own."""

    id: str = Field(examples=["std_6Vb0hF2mUuQk1sYd9LxWcA"])
    final: bool = Field(description="Whether it had the final training.")
    accuracy: float = Field(description="On validation.")
    test_accuracy: float | None = Field(description="Read once, at the end; null until then.")
    score: float
    latency_ms: float | None = Field(description="Measured; null where the job needs none.")
    files: tuple[FileBody, ...]

    @classmethod
    def of(cls, student: StudentRecord) -> "ParetoStudentBody":
        """Returns the body of a student."""
        own = {name: getattr(student, name) for name in cls.model_fields if name != "files"}
        return cls(**own, files=FileBody.all_of(student))


class ParetoTrialBody(TrialBody):
    """A trial of the set; its accuracy and its score are those after the search's epochs."""

    student: ParetoStudentBody | None = Field(
        default=None,
        description="What can be fetched of it: the final student, else the one that was the best"
        " for a time; null of the others.",
    )


class ParetoBody(Body):
    """The trials that no other beats on accuracy and costs, by the first cost."""

    items: tuple[ParetoTrialBody, ...]
    costs: tuple[CostName, ...] = Field(description="What is weighed against accuracy.")

    @classmethod
    def of(
        cls,
        trials: Iterable[TrialRecord],
        students: Iterable[StudentRecord],
        costs: tuple[CostName, ...],
    ) -> "ParetoBody":
        """Returns the body of a Pareto set; of the job's students those of its trials are told."""
        final_last = sorted(students, key=attrgetter("final"))
        by_trial = {one.trial_number: ParetoStudentBody.of(one) for one in final_last}
        items = (
            ParetoTrialBody(**TrialBody.of(trial).model_dump(), student=by_trial.get(trial.number))
            for trial in trials
        )
        return cls(items=tuple(items), costs=costs)
