"""How evenly a dataset's images are spread over its classes."""

from collections.abc import Sequence

TOLD_FROM = 10.0  # times as many: accuracy then tells of the commonest classes above all


def imbalance(counts: Sequence[int]) -> float:
    """Returns how many times as many images the largest class has as the smallest, rounded.

    Args:
        counts: images of each class, all at least 1.
    """
    return round(max(counts) / min(counts), 2)


def balance_notes(counts: Sequence[int], classes: Sequence[str]) -> list[str]:
    """Returns what should be known of classes of very different sizes; nothing where they aren't.

    Args:
        counts: images of each class, all at least 1.
        classes: their names.
    """
    ratio = imbalance(counts)
    if ratio <= TOLD_FROM:
        return []
    named = list(zip(counts, classes, strict=True))
    (most, commonest), (fewest, rarest) = max(named), min(named)
    sizes = f"{commonest} has {most:,} images and {rarest} {fewest:,} ({ratio:g} times as many)"
    told = "accuracy tells little of the small ones"
    return [f"the classes are of very different sizes: {sizes}; {told}"]
