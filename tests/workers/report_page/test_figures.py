import pytest

from workers.report_page.figures import (
    compact,
    margin,
    milliseconds,
    percent,
    share,
    shortened,
    signed,
    times,
    whole,
)


@pytest.mark.parametrize(
    ("value", "told"),
    [(0, "0"), (999, "999"), (999.7, "1k"), (13_100, "13.1k"), (272_474, "272k"),
     (999_600, "1M"), (11.17e6, "11.2M"), (1.2e9, "1.2G"), (4e12, "4,000G")],
)  # fmt: skip
def test_counts(value: float, told: str) -> None:
    assert compact(value) == told


def test_shares() -> None:
    assert [percent(value) for value in (0, 0.0046, 0.974, 1)] == [
        "0.0%",
        "0.46%",
        "97.4%",
        "100.0%",
    ]
    assert [share(value) for value in (0.2, 0.975, 1)] == ["20%", "97.5%", "100%"]
    assert [times(value) for value in (1.25, 9.96, 20.8, 1500)] == ["1.2×", "10×", "21×", "1500×"]


def test_differences_have_a_sign() -> None:
    assert [signed(value) for value in (1.23, -84.7, 0.01, -0.01)] == [
        "+1.2",
        "−84.7",
        "0.0",
        "0.0",
    ]


def test_times_and_ticks() -> None:
    assert milliseconds(0.02134) == "0.0213 ms"
    assert milliseconds(None) == "unknown"
    assert [whole(value) for value in (0, 2.5, 40)] == ["0", "", "40"]


def test_names_are_cut() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"


def test_the_margin_is_wilson_s() -> None:
    # Of 10 images 8 are right: Wilson's 95% interval is from 0.4902 to 0.9433.
    assert margin(0.8, 10) == pytest.approx((0.9433 - 0.4902) / 2, abs=1e-4)
    assert margin(1.0, 100) == pytest.approx((1 - 0.9630) / 2, abs=1e-4)  # not 0
    assert margin(0.5, 1) < 0.5
