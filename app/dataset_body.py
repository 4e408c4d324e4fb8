"""What the API answers of an uploaded dataset."""

from datetime import datetime

from pydantic import Field

from app.bodies import Body
from app.dataset_balance import balance_notes, imbalance
from app.records import DatasetRecord


class DatasetBody(Body):
    """An uploaded dataset."""

    id: str = Field(examples=["dst_0aB1cD2eF3gH4iJ5kL6mN7"])
    name: str
    created_at: datetime
    bytes: int
    sha256: str
    n: int = Field(description="Images that are not test images.")
    test_n: int
    shape: tuple[int, int, int] = Field(description="Height, width and channels of an image.")
    dtype: str
    classes: tuple[str, ...]
    class_counts: tuple[int, ...] = Field(description="Images of each class, test images left out.")
    imbalance: float = Field(
        description="How many times as many images the largest class has as the smallest."
    )
    shorter_side: int | None = Field(
        default=None,
        description="Pixels that image files were resized to before the centre was cut out; null"
        " where they came in one size, or as arrays.",
    )
    notes: tuple[str, ...] = Field(description="What should be known of it, in words.")
    samples: str | None = Field(
        default=None,
        description="Where some of its images are shown; null where none were kept.",
        examples=["/v1/datasets/dst_0aB1cD2eF3gH4iJ5kL6mN7/samples"],
    )

    @classmethod
    def of(cls, dataset: DatasetRecord) -> "DatasetBody":
        """Returns the body of a dataset."""
        own = {
            name: getattr(dataset, name) for name in ("id", "name", "created_at", "bytes", "sha256")
        }
        taken: dict[str, object] = {"notes": [], **dataset.summary}
        counts, classes, notes = taken["class_counts"], taken["classes"], taken["notes"]
        assert isinstance(counts, list)
        assert isinstance(classes, list)
        assert isinstance(notes, list)
        told = {
            "imbalance": imbalance(counts),
            "notes": [*notes, *balance_notes(counts, classes)],
            "samples": f"/v1/datasets/{dataset.id}/samples" if dataset.samples_key else None,
        }
        return cls.model_validate(own | taken | told)
