"""What the API answers of an estimate."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.errand_records import EstimateRecord, EstimateState
from app.records import Json
from app.requests import JobRequest


class EstimateBody(BaseModel):
    """What a job would find and take, before anything is trained."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(examples=["est_5pQ6rS7tU8vW9xY0zA1bC2"])
    state: EstimateState
    created_at: datetime
    finished_at: datetime | None
    request: JobRequest
    result: Json | None = Field(
        description="`teacher` (its costs); `groups` (that can shrink), `removals`, `skips` and"
        " `frozen` (why, by layer); `space` (the smallest student, of those drawn the median and"
        " the largest by parameters, and histograms of all drawn);"
        " `constraints` (`feasible`, null where too little is known of latencies;"
        " `feasible_share`, without the `unjudged` limits; `nearest`, `errors`); `latency` (the"
        " `error` of what is predicted, what was `skipped`); `time` (seconds);"
        " `notes` (in words)."
    )
    error: Json | None = Field(description="A problem, once it has failed.")

    @classmethod
    def of(cls, estimate: EstimateRecord) -> "EstimateBody":
        """Returns the body of an estimate."""
        same = {name: getattr(estimate, name) for name in cls.model_fields if name != "request"}
        return cls(request=JobRequest.model_validate(estimate.request), **same)
