"""ESNAC as it was published: a raw value, fixed hyperparameters, kernels trained anew each round.

[Cao2019] S. Cao, X. Wang, K. Kitani. Learnable embedding space for efficient neural architecture
    compression. ICLR 2019.
[Knowles2006] J. Knowles. ParEGO: a hybrid algorithm with on-line landscape approximation for
    expensive multiobjective optimization problems. IEEE TEC 2006.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.search.ours import table_space
from benchmarks.search.peers.esnac_kernel import EsnacKernel
from benchmarks.search.rows import Rows
from benchmarks.search.tasks import Task
from benchmarks.tables import Table
from embedding import Tokens, derive_seed
from embedding.seeds import generator

KERNELS = 8
CANDIDATES = 1000
# How likely a record is one of a kernel's.
SHARE = 0.5
# Of the augmented Chebyshev value [Knowles2006].
AUGMENTATION = 0.05

TokenReader = Callable[[Tensor], Tokens]
"""Encodes the networks of rows, `m`."""


class Esnac2019:
    """Eight proposals a round, one a kernel, of which each is trained from nothing [Cao2019].

    A kernel sees the teacher, whose score is 0, and each record with probability one half; of 1,000
    random rows it proposes the one of the largest expected improvement, over the best that
    the task allows (the paper knows no limits). So the first round knows
    the teacher alone, and no starting rows are taken. Rows that aren't allowed or were asked for
    are never drawn. Of a Pareto set, which the paper doesn't have, each kernel takes an augmented
    Chebyshev value under weights of its own [Knowles2006].

    Args:
        table: What is searched.
        task: What is searched for.
        seed: Of all draws.
        tokens: Encodes rows.
    """

    def __init__(self, table: Table, task: Task, seed: int, tokens: TokenReader) -> None:
        self._table, self._task, self._seed, self._tokens = table, task, seed, tokens
        self._rows = Rows(table, task, seed)
        self._asked: list[int] = []
        self._outcomes = [task.teacher_outcomes(table)]
        self._proposed: list[int] = []
        self._rounds = 0

    def ask(self) -> int:
        """Returns the round's next proposal; the first of a round is waited for."""
        if not self._proposed:
            self._propose()
        return self._proposed.pop(0)

    def tell(self, row: int, accuracy: float) -> None:
        """Adds a record; the kernels learn of it in the next round."""
        self._asked.append(row)
        self._outcomes.append(self._task.outcomes_of(self._table, row, accuracy))

    def _propose(self) -> None:
        draws = generator(self._seed, "esnac round", self._rounds)
        self._rounds += 1
        left = self._rows.left()
        for number in range(min(KERNELS, len(left))):
            kernel = self._kernel(number, draws)
            left = self._rows.left()
            drawn = left[torch.randperm(len(left), generator=draws)[:CANDIDATES]]
            improvement = kernel.expected_improvement(self._tokens(drawn))
            self._proposed.append(self._rows.take(int(drawn[improvement.argmax()])))

    def _kernel(self, number: int, draws: torch.Generator) -> EsnacKernel:
        seen = torch.rand(len(self._asked), generator=draws) < SHARE
        rows = torch.tensor([self._table.teacher, *self._asked])
        of_kernel = torch.cat([torch.tensor([True]), seen])
        values = self._values(draws)[of_kernel]
        may_count = self._task.excess(self._table)[rows[of_kernel]] <= 0
        best = values[may_count] if may_count.any() else values
        seed = derive_seed(self._seed, "esnac kernel", self._rounds * KERNELS + number)
        return EsnacKernel(self._tokens(rows[of_kernel]), values, float(best.max()), seed)

    def _values(self, draws: torch.Generator) -> Tensor:
        """Returns the teacher's value and the records', float64, as they are."""
        outcomes = torch.cat(self._outcomes)
        if self._task.outcomes_count == 1:
            return outcomes[:, 0]
        weight = torch.rand(1, generator=draws).double()
        weighted = outcomes * torch.cat([weight, 1 - weight])
        return weighted.min(1).values + AUGMENTATION * weighted.sum(1)


def esnac2019(
    table: Table,
    task: Task,
    seed: int,
    start: Sequence[int],  # noqa: ARG001 it takes none
    tokens: TokenReader | None = None,
) -> Esnac2019:
    """Returns a search by ESNAC, which reads the networks as ours does, if nothing else is said."""
    return Esnac2019(table, task, seed, tokens or network_tokens(table))


def network_tokens(table: Table) -> TokenReader:
    """Returns the encoding of the networks, or where a table has none, of its columns."""
    try:
        table.architecture(table.teacher)
    except NotImplementedError:
        return column_tokens(table)
    return table_space(table).tokens_of


def column_tokens(table: Table) -> TokenReader:
    """Returns an encoding that needs no networks: a token a column, its choice one-hot."""
    choices = F.one_hot(table.choices, max(table.cardinalities)).float()
    places = torch.eye(len(table.cardinalities)).expand(len(table), -1, -1)
    values = torch.cat([choices, places], dim=2)

    def tokens(rows: Tensor) -> Tokens:
        return Tokens(values[rows], torch.ones(values[rows].shape[:2], dtype=torch.bool))

    return tokens
