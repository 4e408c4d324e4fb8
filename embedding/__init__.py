"""Looks: encoding, LSTM encoder, kernels, surrogate, acquisition, proposers, saved embeddings."""

from embedding.embedding_proposer import EmbeddingProposer
from embedding.encoding import ENCODING_VERSION, Tokens, encode, encode_architecture
from embedding.errors import EmbeddingError, InfeasibleConstraint, SpaceExhausted
from embedding.given_proposer import GivenProposer
from embedding.hedged import hedged
from embedding.history import Observation
from embedding.make_proposer import STRATEGIES, make_proposer
from embedding.objective import Limits, Objective, score
from embedding.outlook import Map, Outlook, Places
from embedding.proposer import Proposer, SearchSettings
from embedding.random_proposer import RandomProposer
from embedding.saved import SavedEmbedding
from embedding.search_space import SearchSpace, StudentSpace
from embedding.seeds import derive_seed
from embedding.source import Source

__all__ = [
    "ENCODING_VERSION",
    "STRATEGIES",
    "EmbeddingError",
    "EmbeddingProposer",
    "GivenProposer",
    "InfeasibleConstraint",
    "Limits",
    "Map",
    "Objective",
    "Observation",
    "Outlook",
    "Places",
    "Proposer",
    "RandomProposer",
    "SavedEmbedding",
    "SearchSettings",
    "SearchSpace",
    "Source",
    "SpaceExhausted",
    "StudentSpace",
    "Tokens",
    "derive_seed",
    "encode",
    "encode_architecture",
    "hedged",
    "make_proposer",
    "score",
]
