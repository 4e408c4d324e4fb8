"""How much the loss would change without a channel, to first order.

[Molchanov2019] Molchanov et al., "Importance Estimation for Neural Network Pruning", CVPR 2019,
arXiv 1906.10771.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from networks.importance.makers import Maker, filters, scales
from networks.importance.ranking import Importance, Scored, with_fallback
from networks.importance.weight_criteria import Weights
from networks.space import Space
from networks.student import build

Batch = tuple[Tensor, Tensor]
"""Inputs `b x C x H x W`, as the network takes them, and labels `b`."""


def taylor(space: Space, weights: Weights, batches: Sequence[Batch]) -> Importance:
    """The square of Σ w · ∂loss/∂w over what makes the channel, averaged over the batches.

    It is taken at the normalisation behind the filter, over γ and β (Taylor-FO-BN, the better of
    the paper's two [Molchanov2019]: a channel whose γ and β are 0 is gone), and of the filter with
    its bias where no normalisation scales the group's channels. The loss is the cross entropy with
    the labels, the network in eval mode.
    """
    module = build(space.architecture, weights).eval()
    behind, makers = list(scales(space)), list(filters(space))
    scored = _squares(module, weights, [*behind, *makers], batches)
    return with_fallback(space.channels, scored[: len(behind)], scored[len(behind) :])


def _squares(
    module: nn.Module, weights: Weights, makers: Sequence[Maker], batches: Sequence[Batch]
) -> list[Scored]:
    if not makers:
        return []
    pairs = [(maker.weight, maker.bias) for maker in makers]
    names = dict.fromkeys(name for pair in pairs for name in pair if name is not None)
    tensors = {name: weights[name].detach().clone().requires_grad_() for name in names}
    sums = {maker.weight: torch.zeros(len(maker.units), dtype=torch.float64) for maker in makers}
    for images, labels in batches:
        loss = functional.cross_entropy(functional_call(module, tensors, (images,)), labels)
        gradients = torch.autograd.grad(loss, list(tensors.values()), materialize_grads=True)
        changes = {
            name: (value.detach() * gradient).double().reshape(len(value), -1).sum(dim=1)
            for (name, value), gradient in zip(tensors.items(), gradients, strict=True)
        }
        for maker in makers:
            change = changes[maker.weight]
            if maker.bias is not None:
                change = change + changes[maker.bias]
            sums[maker.weight] += change.square().cpu()
    return [Scored(maker.units, sums[maker.weight].numpy() / len(batches)) for maker in makers]
