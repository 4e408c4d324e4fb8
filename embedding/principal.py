"""Vectors as a map: their two principal components.

[Jolliffe2016] I. Jolliffe, J. Cadima. Principal component analysis: a review and recent
    developments. Philosophical Transactions of the Royal Society A 374, 2016.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

# Of unit vectors: less variance than this is rounding.
NOTHING = 1e-12


@dataclass(frozen=True)
class Components:
    """The two directions along which some vectors differ most [Jolliffe2016].

    Attributes:
        centre: of the vectors, `d`.
        axes: orthogonal and of norm 1, `d x 2`; zero where nothing differs any more.
        explained: the share of the vectors' variance along each axis, `2`.
    """

    centre: Tensor
    axes: Tensor
    explained: Tensor

    @classmethod
    def of(cls, vectors: Tensor) -> "Components":
        """Returns the components of `n x d` vectors, `n >= 1`.

        The largest entry of each axis is positive, so that the same vectors make the same map.
        """
        centre = vectors.mean(0)
        apart = vectors - centre
        variances, axes = torch.linalg.eigh(apart.mT @ apart / len(vectors))
        variances, axes = variances.flip(0)[:2], axes.flip(1)[:, :2]
        total = apart.square().sum() / len(vectors)
        explained = (variances / total.clamp(min=NOTHING)).where(variances > NOTHING, 0.0)
        largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
        return cls(centre, axes * largest.sign() * (explained > 0), explained.clamp(max=1))

    def place(self, vectors: Tensor) -> Tensor:
        """Returns where `n x d` vectors lie: `n x 2`."""
        return (vectors - self.centre) @ self.axes

    def like(self, vectors: Tensor, places: Tensor) -> "Components":
        """Returns these, mirrored so that the vectors lie as nearly as they can where they did.

        Args:
            vectors: of which it is known, `n x d`.
            places: where they were on an earlier map, `n x 2`.
        """
        agreement = (self.place(vectors) * (places - places.mean(0))).sum(0)
        return replace(self, axes=self.axes.where(agreement >= 0, -self.axes))
