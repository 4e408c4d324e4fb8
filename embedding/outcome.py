"""What is modelled of an accuracy: the logarithm of the error.

[Hestness2017] J. Hestness et al. Deep learning scaling is predictable, empirically. arXiv
    1712.00409.
[Rosenfeld2020] J. Rosenfeld, A. Rosenfeld, Y. Belinkov, N. Shavit. A constructive prediction of the
    generalization error across scales. ICLR 2020.
"""

from torch import Tensor

# An accuracy of 1 has a finite outcome, and among errors this small differences hardly count.
SLACK = 0.005


def outcome(accuracy: Tensor) -> Tensor:
    """Returns -log(error + `SLACK`) of accuracies, fractions.

    Errors follow power laws of a network's size [Hestness2017, Rosenfeld2020]: in the logarithm of
    a width or of a cost the outcome is near to a line, whatever the data, and a difference of 0.1
    means the same at an accuracy of 0.5 and of 0.95.
    """
    return -(1 + SLACK - accuracy).log()


def accuracy_of(outcomes: Tensor) -> Tensor:
    """Returns the accuracies of outcomes: `outcome`'s inverse, kept from 0 to 1."""
    return (1 + SLACK - (-outcomes).exp()).clamp(0, 1)
