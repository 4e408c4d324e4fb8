"""Made-up inputs of the GP."""

import torch
from torch import Tensor

from embedding.encoder import EMBEDDING
from embedding.kernel import Layout
from embedding.objective import COSTS

TEACHER_COSTS = torch.tensor([1000.0, 8000.0, 4000.0, 500.0], dtype=torch.float64)


def inputs(layout: Layout, halvings: Tensor, seed: int = 0) -> Tensor:
    """Returns students, `n x columns`, whose costs are the teacher's, halved so often (`n`)."""
    n, draws = len(halvings), torch.Generator().manual_seed(seed)
    decisions = -2 * torch.rand(n, layout.decisions, generator=draws, dtype=torch.float64)
    z = torch.randn(n, layout.kernels, EMBEDDING, generator=draws, dtype=torch.float64)
    logs = -halvings.double().unsqueeze(1)
    costs = TEACHER_COSTS * logs.exp2()
    student = torch.ones(n, 1, dtype=torch.float64)
    guesses = torch.randn(n, layout.sources, generator=draws, dtype=torch.float64)
    embedded = (z / z.norm(dim=-1, keepdim=True)).flatten(1)
    return torch.cat([student, decisions, logs, logs, guesses, embedded, costs], dim=1)


def teacher(layout: Layout) -> Tensor:
    """Returns the teacher, `1 x columns`: its embeddings are as any."""
    row = inputs(layout, torch.zeros(1), seed=99)
    row[0, : 1 + layout.decisions] = 0
    row[0, layout.guesses] = 0
    row[0, -len(COSTS) :] = TEACHER_COSTS
    return row
