"""What the API answers of a job's surrogate, and what is on record of it."""

from datetime import datetime

from pydantic import Field

from app.bodies import Body
from app.surrogates import SurrogateRecord


class PointBody(Body):
    """A trial's place on the map."""

    number: int = Field(description="The trial's.", examples=[3])
    x: float = Field(examples=[0.62])
    y: float = Field(examples=[-0.18])


class MapBody(Body):
    """The trials' embeddings by their two principal components."""

    explained: tuple[float, float] = Field(
        description="The share of the embeddings' variance along x and along y.",
        examples=[(0.57, 0.21)],
    )
    points: tuple[PointBody, ...] = Field(
        description="The trials by number, those that wait or run among them: what is proposed"
        " next. Of very many, the best half and an even spread of the others."
    )


class SurrogateBody(Body):
    """What a job's surrogate makes of its search; nothing until it has learned from a trial.

    A search without an embedding has none, ever.
    """

    updated_at: datetime | None = Field(default=None, description="When it was looked at last.")
    trials: int = Field(
        default=0, description="From how many trials the surrogate had learned.", examples=[12]
    )
    random_search: tuple[float, ...] | None = Field(
        default=None,
        description="The best score (accuracy, if that is the objective) that the surrogate"
        " expects of 1, 2, … evaluations of random search.",
        examples=[(0.52, 0.64, 0.7)],
    )
    map: MapBody | None = Field(default=None, description="From three ended trials on.")

    @classmethod
    def of(cls, record: SurrogateRecord | None) -> "SurrogateBody":
        """Returns the body of what is on record."""
        if record is None:
            return cls()
        return cls.model_validate({**record.outlook, "updated_at": record.updated_at})
