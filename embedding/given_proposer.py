"""The search that has nothing to look for: AdaPruner's."""

from embedding.errors import InfeasibleConstraint
from embedding.history import History
from embedding.proposer import Proposer
from networks import Candidates


class GivenProposer(Proposer):
    """Proposes the candidates that it is given to begin with, and no others."""

    def _check_feasible(self) -> None:
        if bool(self.objective.allows(self.space, self._first).any()):
            return
        given = self._first if len(self._first) else self.space.smallest()
        costs = self.space.costs(given)
        least = int(costs.params.argmin())
        names = ("params", "macs", "bytes")
        raise InfeasibleConstraint({x: int(getattr(costs, x)[least]) for x in names})

    def _propose(self, history: History) -> Candidates:  # noqa: ARG002 - as of Proposer
        return self._first[:0]

    def state(self) -> bytes:
        """Returns nothing: what is proposed was given."""
        return b""
