from dataclasses import replace

from tests.workers.report_page.findings import Parsed, findings
from workers.report_page import Findings
from workers.report_page.figures import percent
from workers.report_page.headline import headline


def _parsed(found: Findings) -> Parsed:
    return Parsed(headline(found.report, found.story, found.teacher, found.student))


def test_it_says_what_became_how_small_and_how_accurate() -> None:
    found = findings()
    text = _parsed(found).text
    params = found.report["student"]["params"]
    assert "digits on a phone" in text
    assert f"zoo/resnet20 with 272k parameters became a network of {params / 1000:.3g}k" in text
    assert "On 270 test images" in text
    right, teacher = percent(found.student.accuracy), percent(found.teacher.accuracy)
    assert f"is right on {right} (± " in text
    assert f"its teacher on {teacher}." in text
    assert f"{272_000 / params:.1f}×fewer parameters" in text


def test_teacher_and_student_stand_side_by_side() -> None:
    texts = _parsed(findings()).texts
    at = texts.index("Validation accuracy")
    assert texts[at : at + 4] == ["Validation accuracy", "98.5%", "97.5%", "−1.0 points"]
    at = texts.index("Latency")
    assert texts[at : at + 4] == ["Latency", "0.0693 ms", "0.0213 ms", "−69.3%"]


def test_a_teacher_whose_latency_is_unknown_is_compared_in_all_else() -> None:
    found = findings()
    latency = {**found.report["latency"], "teacher_ms": None}
    texts = _parsed(replace(found, report={**found.report, "latency": latency})).texts
    at = texts.index("Latency")
    assert texts[at : at + 3] == ["Latency", "unknown", "0.0213 ms"]


def test_a_teacher_and_a_student_that_are_never_right() -> None:
    found = findings()
    nothing = replace(found.student, accuracy=0.0, agreement=None)
    text = _parsed(replace(found, teacher=nothing, student=nothing)).text
    assert "is right on 0.0% (± " in text
    assert "the same answer" not in text


def test_names_are_text() -> None:
    found = findings()
    teacher = {**found.report["teacher"], "network": "<img src=x onerror=alert(1)>"}
    hostile = replace(
        found,
        story=replace(found.story, name="<script>alert(1)</script>"),
        report={**found.report, "teacher": teacher},
    )
    parsed = _parsed(hostile)
    assert not {"script", "img"} & {name for name, _ in parsed.elements}
    assert "<script>alert(1)</script>" in parsed.texts
