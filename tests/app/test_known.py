import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.known import Known, mark_of

NUMBERS = st.integers(0, 10**9 - 1)
MARKS = st.sampled_from(["queued", "running"]).flatmap(
    lambda state: st.builds(mark_of, st.just(state), st.integers(0, 99))
)
DIGESTS = st.sampled_from(["", "0123abcd", "ffffffff"])


@given(st.builds(Known, NUMBERS, NUMBERS, st.dictionaries(NUMBERS, MARKS), DIGESTS, DIGESTS))
def test_an_id_says_what_is_known(known: Known) -> None:
    assert Known.parse(str(known)) == known
    assert "\n" not in str(known)


@given(st.text())
def test_of_another_text_nothing_is_known(text: str) -> None:
    assert Known.parse(text) == Known()


@pytest.mark.parametrize("text", ["1.1..g.", "1.1.5.0.0", "1.1..0.0.0", "9" * 100_000, "-1..."])
def test_of_what_looks_like_an_id_nothing_is_known(text: str) -> None:
    assert Known.parse(text) == Known()


def test_a_told_trial_is_known_as_it_is() -> None:
    known = Known().with_trial(0, "q0").with_trial(1, "r0").with_trial(0, "r0")
    assert known == Known(trials=2, unended={0: "r0", 1: "r0"})
    assert known.with_trial(1, None) == Known(trials=2, unended={0: "r0"})
