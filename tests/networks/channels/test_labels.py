from __future__ import annotations

import numpy as np

from networks.channels.labels import FIXED, Labels


def test_joined_labels_have_one_class() -> None:
    labels = Labels()
    first, second = labels.fresh(3), labels.fresh(3)
    labels.join(first, second)
    labels.join(first[:1], first[1:2])
    classes = labels.classes()
    assert classes[first].tolist() == [0, 0, 2]
    assert classes[second].tolist() == [0, 0, 2]


def test_what_meets_the_fixed_or_the_frozen_is_fixed() -> None:
    labels = Labels()
    a = labels.fresh(4)
    labels.join(a[:1], np.array([FIXED]))
    labels.join(a[:1], a[1:2])
    labels.freeze(a[2:3])
    assert labels.classes()[a].tolist() == [FIXED, FIXED, FIXED, 3]
    assert labels.classes()[FIXED] == FIXED
