"""What `POST /v1/jobs` takes. Unknown fields are refused, types are strict, numbers are finite.

The names of networks, datasets and embeddings are checked at submission (`app.submission`), so that
a job on record can still be read after a name has left the catalog.
"""

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.agreement import disagreements

_LARGEST = 2**63 - 1  # of SQL's BIGINT
_LONGEST_S = 365 * 86_400  # a year: a longer limit is a mistake


def _printable(text: str) -> str:
    # PostgreSQL takes no NUL, and a terminal shows these texts.
    if not text.isprintable():
        raise PydanticCustomError("not_printable", "must hold printable characters only")
    return text


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
Count = Annotated[int, Field(ge=1, le=_LARGEST)]
Ratio = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
BelowOne = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Milliseconds = Annotated[float, Field(gt=0, le=_LONGEST_S * 1000, allow_inf_nan=False)]
Epochs = Annotated[int, Field(ge=1, le=10_000)]
CostName = Literal["params", "macs", "bytes"]
DEFAULT_COSTS: tuple[CostName, ...] = ("macs",)  # of a Pareto set


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    @model_serializer(mode="wrap")
    def _without_none(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        return {name: value for name, value in serialize(self).items() if value is not None}


class TeacherRequest(_Part):
    """The network to compress: one by name, trained on the dataset first, or an upload by id."""

    network: Name | None = Field(
        default=None, description="A network's name.", examples=["zoo/resnet20"]
    )
    id: Name | None = Field(
        default=None, description="Of an uploaded teacher, `tch_…`; its weights stay as they are."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.network is None) == (self.id is None):
            raise PydanticCustomError("one_of", "give either `network` or `id`, and not both")
        return self

    @property
    def name(self) -> str:
        """The network's name, or the upload's id."""
        return str(self.network or self.id)


class DatasetRequest(_Part):
    """The images to learn from: a built-in set by `name`, or an upload by `id`."""

    name: Name | None = Field(default=None, examples=["digits"])
    id: Name | None = Field(default=None, description="Of an uploaded dataset, `dst_…`.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.name is None) == (self.id is None):
            raise PydanticCustomError("one_of", "give either `name` or `id`, and not both")
        return self


class ObjectiveRequest(_Part):
    """What makes a student the best."""

    kind: Literal["score", "accuracy", "pareto"] = Field(
        default="score",
        description="`score` is C(2 - C) A / A_teacher with C = 1 - params / params_teacher;"
        " `accuracy` is A alone, best with a constraint; `pareto` looks for the students that no"
        " other beats on accuracy and `costs`, of which the best is the one of the highest score.",
    )
    costs: tuple[CostName, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=2,
        strict=False,  # SQL and Python give a list
        validate_default=True,
        description='Of `pareto` alone: what is weighed against accuracy; `["macs"]` if not given.',
        examples=[["macs"]],
        json_schema_extra={"uniqueItems": True},
    )

    @field_validator("costs")
    @classmethod
    def _of_pareto(
        cls, costs: tuple[CostName, ...] | None, info: ValidationInfo
    ) -> tuple[CostName, ...] | None:
        if costs is not None and len(set(costs)) < len(costs):
            raise PydanticCustomError("not_distinct", "each cost can be named once")
        kind = info.data.get("kind", "pareto")  # one that is wrong is told of itself
        if kind == "pareto":
            return costs or DEFAULT_COSTS
        if costs is not None:
            raise PydanticCustomError("unused", "only the kind `pareto` has `costs`")
        return None

    @property
    def pareto_costs(self) -> tuple[CostName, ...]:
        """The costs of the job's Pareto set, which a job of any kind has."""
        return self.costs or DEFAULT_COSTS


class ConstraintsRequest(_Part):
    """Inclusive maxima that a student must keep; a ratio is to the teacher."""

    params: Count | None = None
    macs: Count | None = None
    bytes: Count | None = None
    params_ratio: Ratio | None = Field(default=None, examples=[0.25])
    macs_ratio: Ratio | None = None
    bytes_ratio: Ratio | None = None
    latency_ms: Milliseconds | None = Field(
        default=None, description="Measured as `latency` says, never estimated.", examples=[2.5]
    )


class LatencyRequest(_Part):
    """How latency is measured, on a machine that trials run on."""

    runtime: Literal["onnxruntime", "pytorch"] = "onnxruntime"
    batch_size: int = Field(default=1, ge=1, le=1024, description="Images at once.")
    threads: int = Field(default=1, ge=1, le=1024, description="Of the processor.")


class ResourcesRequest(_Part):
    """What each training of the job reserves on the machine that it runs on."""

    cpus: int | None = Field(
        default=None,
        ge=1,
        le=8,
        description="The most that a training uses, and its threads; without it the machine's,"
        " divided by `search.parallel`. Small networks gain nothing from more than 8.",
    )
    gpus: float = Field(
        default=0.0,
        ge=0,
        le=64,
        allow_inf_nan=False,
        description="A fraction below 1, for trainings that share a GPU, or a whole number.",
    )
    memory_bytes: int | None = Field(
        default=None, ge=2**20, le=_LARGEST, description="Reserved, not limited."
    )

    @field_validator("gpus")
    @classmethod
    def _whole_above_one(cls, gpus: float) -> float:
        if gpus > 1 and not gpus.is_integer():
            raise PydanticCustomError("gpus", "must be a fraction below 1, or a whole number")
        return gpus

    @property
    def is_asked_for(self) -> bool:
        """Whether anything is reserved that a machine may not have."""
        return self != ResourcesRequest()


class EmbeddingRequest(_Part):
    """The embedding of an earlier job, to start from."""

    from_: Name = Field(alias="from", description="Its id, `emb_…`.")
    mode: Literal["frozen", "adapt"] = Field(
        default="adapt", description="Whether its encoders stay as they are or go on learning."
    )


class SearchRequest(_Part):
    """How students are looked for."""

    strategy: Literal["embedding", "random", "adapruner"] = Field(
        default="embedding",
        description="`adapruner` gives one network, by widths that just meet the constraints; a"
        " search by `embedding` begins with it.",
    )
    evaluations: int = Field(
        default=40,
        ge=1,
        le=10_000,
        description="Distinct students to try; of `adapruner` 1, and nothing else.",
    )
    kernels: int = Field(default=8, ge=1, le=64, description="Of the surrogate.")
    parallel: int = Field(default=2, ge=1, le=1024, description="Trials at once.")
    round_to: int = Field(
        default=8,
        ge=1,
        le=256,
        description="Channels kept are a multiple of this, or all; groups of fewer keep theirs.",
    )
    seed: int = Field(default=0, ge=0, le=_LARGEST, description="Every draw derives from it.")
    max_wall_s: float | None = Field(
        default=None,
        gt=0,
        le=_LONGEST_S,
        allow_inf_nan=False,
        description="Seconds after which no further trial is started; what runs still counts.",
    )
    stopping: Literal["curves", "none"] = Field(
        default="curves",
        description="`curves` stops a trial that will hardly come among the `final_students` best,"
        " going by the learning curves of those before it; `none` trains all to the end.",
    )
    embedding: EmbeddingRequest | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_network(cls, given: object) -> object:
        if isinstance(given, dict) and given.get("strategy") == "adapruner":
            return {"evaluations": 1, **given}
        return given

    @field_validator("evaluations")
    @classmethod
    def _of_one_network(cls, evaluations: int, info: ValidationInfo) -> int:
        if info.data.get("strategy") == "adapruner" and evaluations != 1:
            raise PydanticCustomError(
                "one_network", "`adapruner` gives one network: leave `evaluations` out, or 1"
            )
        return evaluations

    @model_validator(mode="after")
    def _embedding_is_used(self) -> Self:
        if self.embedding is not None and self.strategy != "embedding":
            raise PydanticCustomError(
                "unused", "`embedding` needs the strategy `embedding`; this one would not use it"
            )
        return self


class TrainingRequest(_Part):
    """How long and how networks are trained."""

    teacher_epochs: Epochs = 30
    search_epochs: Epochs = 5
    final_epochs: Epochs = 30
    final_students: int = Field(default=2, ge=1, le=64)
    loss: Literal["mse", "kl"] = Field(
        default="mse",
        description="Of distillation: `mse` between logits, or Hinton's `kl` at a `temperature`,"
        " which is refused beside `mse`.",
    )
    temperature: float = Field(default=4.0, gt=0, le=100, allow_inf_nan=False)
    hard_labels: Share = Field(
        default=0.0,
        description="Share of the cross entropy with the labels in a student's loss; the rest is"
        " distillation.",
    )
    label_smoothing: BelowOne = Field(
        default=0.0,
        description="Share of a label's probability that all classes get: in a named teacher's"
        " training, and in the students' where `hard_labels` is more than 0.",
    )
    ema: BelowOne = Field(
        default=0.0,
        description="Decay a step of the average of a student's weights, which it is then measured"
        " and kept with, for example 0.99; 0 keeps its last weights.",
    )
    gamma_l1: Share = Field(
        default=0.0,
        description="In a named teacher's training: the weight of the sum of its batch norms' |γ|,"
        " which `adapruner` reads.",
    )


class JobRequest(_Part):
    """One compression job."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "digits on a phone",
                    "teacher": {"network": "zoo/resnet20"},
                    "dataset": {"name": "digits"},
                    "constraints": {"params_ratio": 0.25},
                    "search": {"evaluations": 40, "parallel": 2, "seed": 0},
                }
            ]
        }
    )

    name: Name = "job"
    teacher: TeacherRequest
    dataset: DatasetRequest
    objective: ObjectiveRequest = ObjectiveRequest()
    constraints: ConstraintsRequest = ConstraintsRequest()
    search: SearchRequest = SearchRequest()
    training: TrainingRequest = TrainingRequest()
    latency: LatencyRequest = LatencyRequest()
    resources: ResourcesRequest = ResourcesRequest()

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if errors := list(disagreements(self)):
            raise ValidationError.from_exception_data(type(self).__name__, errors)
        return self

    def to_json(self) -> dict[str, object]:
        """Returns the request as JSON values, defaults written out, what is not set left out."""
        return self.model_dump(mode="json")
