import re

import pytest

from tests.workers.report_page.findings import Parsed, findings
from workers.report_page import report_page
from workers.report_page.style import STYLE

SCHEMES = re.findall(r":root \{([^}]*)\}", STYLE)
TEXT = 4.5  # of WCAG 2.1, 1.4.3: contrast of letters
SHAPES = 3.0  # of WCAG 2.1, 1.4.11: of what a picture is told by


def _colours(scheme: str) -> dict[str, str]:
    return dict(re.findall(r"--(\w+): (#\w+)", scheme))


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_rule_ends() -> None:
    depth = 0
    for letter in STYLE:
        depth += (letter == "{") - (letter == "}")
        assert 0 <= depth <= 2
    assert depth == 0


def test_light_and_dark_have_the_same_colours_and_no_other_is_used() -> None:
    light, dark = map(_colours, SCHEMES)
    assert light.keys() == dark.keys() == set(re.findall(r"var\(--(\w+)\)", STYLE))
    assert len(re.findall(r"#[0-9a-f]{3,6}\b", STYLE)) == 2 * len(light)


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
def test_letters_and_shapes_stand_out_from_their_ground(scheme: str) -> None:
    colours = _colours(scheme)
    for ground in ("ground", "panel"):
        for letters in ("ink", "faint"):
            assert _contrast(colours[letters], colours[ground]) >= TEXT, (letters, ground)
    for shapes in ("student", "teacher"):
        assert _contrast(colours[shapes], colours["ground"]) >= SHAPES, shapes


def test_what_a_page_is_made_of_has_its_rules() -> None:
    parsed = Parsed(report_page(findings()))
    used = {name for _, told in parsed.elements for name in (told.get("class") or "").split()}
    ruled = set(re.findall(r"\.([a-z][a-z-]*)", STYLE))
    assert {"student", "teacher", "trial", "tile", "grid", "axis"} <= used
    assert used - ruled - {"tick"} == set()
