"""The learned map from an architecture's tokens to its embedding.

[Cao2019] S. Cao, X. Wang, K. Kitani. Learnable embedding space for efficient neural architecture
    compression. ICLR 2019.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from embedding.encoding import TOKEN_FEATURES, Tokens

# Small and warm beats large and fresh: at a hundred trials, 32 units each way are enough.
HIDDEN = 32
EMBEDDING = 16


class Encoder(nn.Module):
    """A bidirectional LSTM over the tokens, averaged, mapped to a vector of unit norm [Cao2019].

    Both directions read real tokens only, so that padding changes nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(len(TOKEN_FEATURES), HIDDEN, bidirectional=True, batch_first=True)
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
        lengths = tokens.mask.sum(1).clamp(min=1)
        packed = pack_padded_sequence(
            tokens.values, lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        pooled = states.sum(1) / lengths.unsqueeze(1)
        return F.normalize(self.head(pooled), dim=1)
