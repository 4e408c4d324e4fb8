import torch

from embedding import StudentSpace
from embedding.encoding import encode_architecture
from networks import Edits, Space


def _features(students: StudentSpace, edits: Edits) -> list[float]:
    row: list[float] = students.features(students.candidates([edits]))[0].tolist()
    return row


def test_the_teacher_decided_nothing(students: StudentSpace) -> None:
    features = students.features(students.teacher())
    assert features.dtype == torch.float64
    assert torch.count_nonzero(features) == 0


def test_a_width_s_part_is_a_logarithm(space: Space, students: StudentSpace) -> None:
    group = space.groups[0]
    row = _features(students, Edits((), {group.name: group.units // 4}, ()))
    assert row[0] == -2
    assert not any(row[1:])


def test_groups_that_can_t_shrink_are_no_decisions(space: Space, students: StudentSpace) -> None:
    shrinking = int((space.units > space.steps).sum())
    width = students.features(students.teacher()).shape[1]
    assert width == shrinking + len(space.removals) + 1


def test_each_removal_counts_for_itself(space: Space, students: StudentSpace) -> None:
    removal = space.removals[0]
    shrinking = int((space.units > space.steps).sum())
    row = _features(students, Edits((removal.name,), {}, ()))
    assert row[shrinking] == -1
    assert not any(row[shrinking + 1 :])


def test_skips_are_counted(space: Space, students: StudentSpace) -> None:
    skip = space.skips[0]
    row = _features(students, Edits((), {}, ((skip.start, skip.end),)))
    assert row[-1] == 1
    assert not any(row[:-1])


def test_tokens_are_those_of_the_candidates(space: Space, students: StudentSpace) -> None:
    drawn = students.sample(6, torch.Generator().manual_seed(0))
    tokens = students.tokens(drawn)
    for row, edits in enumerate(students.edits(drawn)):
        alone = encode_architecture(space.student(edits), space.layers)
        torch.testing.assert_close(tokens.values[row, tokens.mask[row]], alone.values[0])


def test_hashes_are_the_architectures(space: Space, students: StudentSpace) -> None:
    drawn = students.sample(1, torch.Generator().manual_seed(0))
    assert students.hash(drawn) == space.student(students.edits(drawn)[0]).hash


def test_no_candidates_have_no_features(students: StudentSpace) -> None:
    width = students.features(students.teacher()).shape[1]
    assert students.features(students.teacher()[:0]).shape == (0, width)
