"""The statistics of batch norms, taken anew: those of the teacher are wrong for a sliced student.

[Wu2021] Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021, arXiv 2105.07576: "precise" batch
norm averages over several large batches with the weights held still.

They matter to what is measured of a student before its training, and so to what is chosen by it.
Training itself reads none: it normalises by each batch, and moves them to its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from workers.precision import Precision


def recompute_statistics(
    module: nn.Module, batches: Sequence[Tensor], precision: Precision
) -> None:
    """Sets each batch norm's mean and variance to their averages over the batches.

    A network without batch norms, and one that gets no batch, stays as it is.

    Args:
        module: placed as `precision` says; in eval mode afterwards.
        batches: inputs `b x C x H x W`, placed too, of two images or more each: one alone has no
            variance where its channels are single numbers.
        precision: that it computes in.
    """
    module.eval()
    norms = batch_norms(module)
    if not norms or not batches:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the average of all batches instead of a moving one
        norm.train()
    with torch.no_grad(), precision.autocast():
        for batch in batches:
            module(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()


def batch_norms(module: nn.Module) -> list[_BatchNorm]:
    """Returns the batch norms that have statistics of their own."""
    return [
        norm
        for norm in module.modules()
        if isinstance(norm, _BatchNorm) and norm.track_running_stats
    ]
