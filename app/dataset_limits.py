"""What a dataset may be, and how it is told that an upload is none."""

SMALLEST_SIDE, LARGEST_SIDE = 4, 1024  # pixels, of an image that is learned from
MOST_IMAGES = 10_000_000
MOST_CLASSES = 10_000
LONGEST_CLASS_NAME = 200
BROKEN_DISK = 3  # exit code of the check: the fault is not the upload's
# The fewest images of a class, one for each use of them; by whether there are test images.
_FEWEST_OF_A_CLASS = {False: (3, "train, validate and test"), True: (2, "train and validate")}


class Refused(Exception):
    """Raised when images are not a dataset; `field` is the array that is wrong, or empty."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.detail = detail


def expect_classes(field: str, counts: list[int], names: list[str] | None, has_test: bool) -> None:
    """Sees whether there are enough classes, and enough images of each.

    Args:
        field: what is to blame if not.
        counts: images of each class that are not test images.
        names: of the classes, where they have any.
        has_test: whether there are test images beside them.

    Raises:
        Refused: there are not; names the scarcest class.
    """
    number = len(counts)
    if not 2 <= number <= MOST_CLASSES:
        raise Refused(field, f"2 to {MOST_CLASSES} classes are wanted, not {number}")
    scarce = min(range(number), key=counts.__getitem__)
    fewest, uses = _FEWEST_OF_A_CLASS[has_test]
    if counts[scarce] < fewest:
        called = "" if names is None else f" ({names[scarce]})"
        images = "1 image" if counts[scarce] == 1 else f"{counts[scarce]} images"
        found = f"class {scarce}{called} of {number} has {images}"
        raise Refused(field, f"{found}, but {fewest} of each are needed to {uses}")
