from __future__ import annotations

import numpy as np
import torch

from networks import Space
from networks.channels.labels import FIXED
from networks.linear_forms import LinearForms, Products, along


def test_a_form_counts_what_remains_along_an_axis(resnet20_space: Space) -> None:
    forms = LinearForms(resnet20_space.channels)
    first, second = resnet20_space.groups[:2]
    units = np.array([FIXED, FIXED, first.first_unit] + [second.first_unit] * 2, dtype=np.int64)
    assert forms.add(5, units) == forms.add(5, units) == 0
    assert forms.add(7, None) == 1
    coefficients, constants = forms.tensors()
    assert constants.tolist() == [2, 7]
    assert coefficients[:3].tolist() == [[1, 0], [2, 0], [0, 0]]


def test_products_multiply_their_forms_exactly(resnet20_space: Space) -> None:
    forms = LinearForms(resnet20_space.channels)
    group = resnet20_space.groups[0]
    units = np.arange(group.first_unit, group.first_unit + group.units)
    width = forms.add(group.units, units)
    large = forms.add(3_000_001, None)
    products = Products(forms, [[width, width, large], [large], [large, width, width], [width]])
    widths = resnet20_space.teacher().widths.clone()
    widths[0, 0] = 13
    assert products(widths).tolist() == [[169 * 3_000_001, 3_000_001, 169 * 3_000_001, 13]]
    assert products(widths).dtype == torch.float64


def test_units_stand_along_the_dimension_in_which_they_differ() -> None:
    units = np.array([[3], [4], [FIXED]])
    assert along(units, 1) is None
    found = along(units, 0)
    assert found is not None
    assert found.tolist() == [3, 4, FIXED]
