"""The learned map from an architecture's tokens to its embedding.

[Cao2019] S. Cao, X. Wang, K. Kitani. Learnable embedding space for efficient neural architecture
    compression. ICLR 2019.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from embedding.encoding import TOKEN_FEATURES, Tokens

# Small and warm beats large and fresh: at a hundred trials, 32 units each way are enough.
HIDDEN = 32
EMBEDDING = 16


class Encoder(nn.Module):
    """A bidirectional LSTM over the tokens, averaged, mapped to a vector of unit norm [Cao2019].

    Both directions begin at a real token and what they say of padding, which comes last, is left
    out: it changes nothing. (Packed sequences would not be read by the fast kernels: a step of
    training takes two to four times as long.)
    """

    def __init__(self) -> None:
        super().__init__()
        self.onward = nn.LSTM(len(TOKEN_FEATURES), HIDDEN, batch_first=True)
        self.reverse = nn.LSTM(len(TOKEN_FEATURES), HIDDEN, batch_first=True)
        self.head = nn.Linear(2 * HIDDEN, EMBEDDING)

    @classmethod
    def seeded(cls, seed: int) -> "Encoder":
        """Returns an encoder with the first weights that `seed` draws."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls()

    def forward(self, tokens: Tokens) -> Tensor:
        """Returns the embeddings, `n x EMBEDDING`, each of norm 1.

        Raises:
            ValueError: if a token has another number of features than the encoding's.
        """
        if tokens.values.shape[-1] != len(TOKEN_FEATURES):
            raise ValueError(
                f"expected tokens of {len(TOKEN_FEATURES)} features, got {tokens.values.shape[-1]}"
            )
        if not len(tokens.values):
            return tokens.values.new_empty(0, EMBEDDING)
        lengths = tokens.mask.sum(1, keepdim=True)
        places = torch.arange(tokens.values.shape[1])
        # The last real token first; padding stays where it is.
        turned = torch.where(tokens.mask, lengths - 1 - places, places).unsqueeze(2)
        reversed_values = tokens.values.take_along_dim(turned, dim=1)
        states = torch.cat([self.onward(tokens.values)[0], self.reverse(reversed_values)[0]], dim=2)
        pooled = (states * tokens.mask.unsqueeze(2)).sum(1) / lengths.clamp(min=1)
        return F.normalize(self.head(pooled), dim=1)
