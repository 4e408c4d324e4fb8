"""What is on record of a trial's attempts that came to no end."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

Loss = Literal["stale", "died"]


@dataclass(frozen=True)
class LostAttempt:
    """A sending of a trial that came to no end; the next one followed it.

    Attributes:
        number: of the attempt, from 0; the one after it has the next.
        loss: `stale` if the coordinator or the machine was lost, which is no fault of the trial;
            `died` if the worker process under it did.
        detail: what is known of it.
    """

    number: int
    loss: Loss
    detail: str

    def to_json(self) -> dict[str, Any]:
        """Returns what `from_json` takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Returns the attempt as it was put on record."""
        return cls(found["number"], found["loss"], found["detail"])
