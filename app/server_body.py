"""What the API answers of itself."""

from pydantic import Field

from app.bodies import Body
from app.visitor import Scope, Visitor


class AskerBody(Body):
    """The API key that was sent."""

    name: str = Field(examples=["ada"])
    scopes: tuple[Scope, ...] = Field(examples=[["read", "submit"]])

    @classmethod
    def of(cls, visitor: Visitor) -> "AskerBody":
        """Returns the body of a visitor who has a key."""
        return cls(name=visitor.name or "", scopes=tuple(sorted(visitor.scopes)))


class CoordinatorsBody(Body):
    """Whether coordinators live."""

    busy: bool = Field(description="Whether one of them works on any job, of whatever key.")
    working: int = Field(
        description="Jobs that one of them works on; of the asker, or an admin all."
    )
    waiting: int = Field(description="Jobs that none works on and that one should; as `working`.")
    oldest_waiting_s: float | None = Field(
        description="For how long at most they can have waited; null where none waits."
    )


class ServerBody(Body):
    """The server, as who asks it sees it."""

    version: str = Field(examples=["0.1.0"])
    key: AskerBody | None = Field(description="Null where there are no keys, and none is needed.")
    coordinators: CoordinatorsBody
