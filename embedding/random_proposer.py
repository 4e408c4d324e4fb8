"""The baseline that every search must beat."""

from embedding.history import History
from embedding.pool import draw_pool
from embedding.proposer import Proposer
from embedding.seeds import generator
from networks import Candidates


class RandomProposer(Proposer):
    """Proposes what the space's random operations draw, as long as it is feasible and new."""

    def _propose(self, history: History) -> Candidates:
        draws = generator(self.settings.seed, "propose", history.trials)
        return draw_pool(self.space, self.objective, history.taken, 1, draws)

    def state(self) -> bytes:
        """Returns nothing: no proposal depends on an earlier one."""
        return b""
