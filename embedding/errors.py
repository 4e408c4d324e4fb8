"""The errors of the search, under one root."""

from networks import Edits


class EmbeddingError(Exception):
    """Raised when a saved embedding can't be used; the root of all errors of this package."""


class OtherEncoding(EmbeddingError):
    """Raised when an embedding was learned by another version of the encoding."""


class FitError(EmbeddingError):
    """Raised when fitting a kernel ends in numbers that are not finite."""


class SpaceExhausted(EmbeddingError):
    """Raised when fewer feasible candidates are left than were asked for.

    Attributes:
        found: those that are left, which may be none.
    """

    def __init__(self, asked: int, found: list[Edits]) -> None:
        self.found = found
        super().__init__(
            f"{asked} new candidates were asked for and {len(found)} found: the space within the"
            " constraints is exhausted"
        )


class InfeasibleConstraint(EmbeddingError):
    """Raised when no student of the space meets the constraints.

    Attributes:
        smallest: the costs of the student with the fewest parameters, by name.
    """

    def __init__(self, smallest: dict[str, int]) -> None:
        self.smallest = smallest
        costs = ", ".join(f"{value:,} {name}" for name, value in smallest.items())
        super().__init__(f"no student meets the constraints; the smallest has {costs}")
