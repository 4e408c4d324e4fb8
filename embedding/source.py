"""What an earlier search found, as a guess at the outcomes of another teacher's students.

[Feurer2018] M. Feurer, B. Letham, F. Hutter, E. Bakshy. Scalable meta-learning for Bayesian
    optimization using ranking-weighted Gaussian process ensembles. arXiv 1802.02219: earlier
    surrogates are combined with the new one, weighted by how well they do on the new trials.
"""

import torch
from torch import Tensor

from embedding.acquisition import Posterior
from embedding.encoding import Tokens
from embedding.errors import EmbeddingError
from embedding.saved import SavedEmbedding
from embedding.surrogate import NUMERICAL_ERRORS, Surrogate


class Source:
    """A finished search's encoders and GP, which stay as they were.

    It reads what all networks have in common: costs relative to the teacher's, and embeddings. What
    it guesses is one more feature to the new GP, of a weight that the new teacher's trials tell:
    a guess that is wrong for them is soon worth nothing, unlike in [Feurer2018] without a ranking.

    Only the bends of the earlier GP guess. Its lines have no end outside of what it saw, and how
    much worse than their teacher all students were is a matter of the recipe: the new GP has lines
    and an offset of its own.

    Args:
        saved: with findings.

    Raises:
        EmbeddingError: if it has no findings, or they make no GP.
    """

    def __init__(self, saved: SavedEmbedding) -> None:
        findings = saved.findings
        if findings is None:
            raise EmbeddingError("the embedding tells nothing of the trials that it learned from")
        self._surrogate = Surrogate(0, len(saved.kernels), seed=0, frozen=True)
        self._surrogate.begin(saved.kernels, saved.fits, findings.hyperparameters)
        self._surrogate.gp.condition(findings.x, findings.y)
        try:
            with torch.no_grad():
                self._posterior = Posterior(self._surrogate.gp)
        except NUMERICAL_ERRORS as error:
            raise EmbeddingError(f"the embedding's trials make no model: {error!r}") from error

    def guess(self, tokens: Tokens, logs: Tensor) -> Tensor:
        """Returns by how much better than lines and costs tell the outcomes are expected to be.

        Args:
            tokens: of `n` students.
            logs: of their costs relative to the teacher's, `n x 2`.

        Returns:
            `n`, float64; 0 where the earlier search knew nothing.
        """
        student = torch.ones(len(logs), 1, dtype=torch.float64)
        x = torch.cat([student, logs, self._surrogate.embed(tokens)], dim=1)
        with torch.no_grad():
            return self._posterior.bend(x)
