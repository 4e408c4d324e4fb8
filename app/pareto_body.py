"""What the API answers of a job's Pareto set."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from app.bodies import TrialBody
from app.records import TrialRecord
from app.requests import CostName


class ParetoBody(BaseModel):
    """The trials that no other beats on accuracy and costs, by the first cost."""

    model_config = ConfigDict(frozen=True)

    items: tuple[TrialBody, ...]
    costs: tuple[CostName, ...] = Field(description="What is weighed against accuracy.")

    @classmethod
    def of(cls, trials: Iterable[TrialRecord], costs: tuple[CostName, ...]) -> "ParetoBody":
        """Returns the body of a Pareto set."""
        return cls(items=tuple(TrialBody.of(trial) for trial in trials), costs=costs)
