from typing import Any

import pytest

from app.answer_examples import add_example


def answer(name: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"content": {"application/json": {"schema": schema}}}


def test_bodies_and_pages_of_them_get_an_example() -> None:
    job, page, students = answer("JobBody"), answer("PageBody_JobBody_"), answer("StudentsBody")
    for one in (job, page, students):
        add_example(one)
    example = job["content"]["application/json"]["example"]
    assert example["state"] == "searching"
    assert page["content"]["application/json"]["example"] == {"items": [example], "next": None}
    assert students["content"]["application/json"]["example"]["items"][0]["trial"] == 17


@pytest.mark.parametrize(
    "name", ["DatasetBody", "UploadedTeacherBody", "ListedTeacherBody", "EstimateBody"]
)
def test_uploads_and_estimates_are_whole(name: str) -> None:
    whole = answer(name)
    add_example(whole)
    assert whole["content"]["application/json"]["example"]["id"]


def test_a_pareto_set_has_a_trial_with_its_student() -> None:
    whole = answer("ParetoBody")
    add_example(whole)
    (trial,) = whole["content"]["application/json"]["example"]["items"]
    assert trial["student"]["id"] in trial["student"]["files"][0]["href"]


def test_other_answers_are_left_alone() -> None:
    others: list[dict[str, Any]] = [answer("OtherBody"), {}, {"content": {"text/plain": {}}}]
    for one in others:
        before = str(one)
        add_example(one)
        assert str(one) == before
