"""Which candidates to try before there is anything to learn from."""

import torch
from torch import Tensor

from embedding.objective import Objective
from networks import Costs, LayerTable

# Enough that the first fit sees the whole range of sizes at half-octave steps, few enough that a
# search of 16 evaluations has as many left to choose.
FIRST_TRIALS = 8

# A candidate must be able to reach this part of the best value by its cost alone.
PROMISING = 0.9

# Sizes reach from the largest promising candidate down by this many halvings. Below them the score
# gains less than a hundredth, and networks begin to be too small to learn anything.
OCTAVES = 4.0

# Every layer has this many channels (or all that the teacher's has): a narrower one lets hardly
# anything of an image through, and trials that fail to learn say little of those that do.
LEAST_CHANNELS = 4


def first_trial(costs: Costs, table: LayerTable, objective: Objective, number: int) -> int:
    """Chooses a candidate so that consecutive numbers spread evenly over the sizes.

    Sizes follow the base-2 van der Corput sequence on a logarithmic scale, from the largest
    downwards: any number of first trials covers the range.

    Args:
        costs: of `n >= 1` random feasible candidates.
        table: what these are, layer by layer.
        objective: tells which costs are promising, were they as accurate as the teacher.
        number: the trial's.

    Returns:
        A row of `costs`.
    """
    accuracy = torch.full(costs.params.shape, objective.teacher_accuracy, dtype=torch.float64)
    value = objective.value(accuracy, costs)
    promising = value >= PROMISING * value.max()
    wide = _wide_enough(table)
    if bool((promising & wide).any()):
        promising = promising & wide
    sizes = costs.params.double().clamp(min=1).log2()
    largest = sizes[promising].max()
    smallest = torch.maximum(sizes[promising].min(), largest - OCTAVES)
    target = largest - (largest - smallest) * _van_der_corput(number)
    distance = (sizes - target).abs().masked_fill(~promising, torch.inf)
    return int(distance.argmin())


def _wide_enough(table: LayerTable) -> Tensor:
    """Returns `n` booleans: whether no layer but the last is a bottleneck."""
    widest = table.out_channels.amax(0)
    enough = table.out_channels >= widest.clamp(max=LEAST_CHANNELS)
    return (enough | ~table.alive)[:, :-1].all(1)


def _van_der_corput(number: int) -> float:
    """Returns the number's binary digits mirrored at the point: 0, 1/2, 1/4, 3/4, 1/8, ..."""
    digits = f"{number:b}"[::-1]
    return int(digits, 2) / (1 << len(digits))
