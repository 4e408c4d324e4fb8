from app.search_examples import ARCHITECTURE, SURROGATE, pareto
from app.surrogate_body import SurrogateBody


def test_a_surrogates_example_is_whole() -> None:
    body = SurrogateBody.model_validate_json(
        SurrogateBody.model_validate(SURROGATE).model_dump_json()
    )
    assert body.map is not None
    assert len(body.map.points) == 3


def test_the_architectures_layers_name_what_there_is() -> None:
    layers = {layer["name"] for layer in ARCHITECTURE["layers"]}
    for layer in ARCHITECTURE["layers"]:
        assert set(layer["inputs"]) <= layers
        assert set(layer["tensors"].values()) <= ARCHITECTURE["tensors"].keys()
    assert 0 <= ARCHITECTURE["output"] < len(layers)


def test_a_pareto_set_has_a_trial_with_its_student() -> None:
    names = ("final", "accuracy", "test_accuracy", "score", "latency_ms", "files")
    found = pareto({"number": 3}, {"student": "std_x", **dict.fromkeys(names)})
    assert found["items"] == [{"number": 3, "student": {"id": "std_x", **dict.fromkeys(names)}}]
