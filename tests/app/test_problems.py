from app.problems import Conflict, FieldError, Invalid, StillhouseError


def test_an_error_is_its_problem() -> None:
    error = Invalid("wrong", [FieldError("#/seed", "too large")])
    assert error.problem() == {
        "type": "urn:stillhouse:problem:invalid",
        "title": "The request is not valid",
        "status": 422,
        "detail": "wrong",
        "errors": [{"pointer": "#/seed", "detail": "too large"}],
    }


def test_without_fields_there_are_no_errors() -> None:
    assert "errors" not in Conflict("no").problem()
    assert str(Conflict("no")) == "no"


def test_all_have_one_root() -> None:
    assert StillhouseError("x").problem()["status"] == 500
    assert issubclass(Conflict, StillhouseError)
