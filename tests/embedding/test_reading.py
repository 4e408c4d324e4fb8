from typing import cast

import torch
from torch import Tensor

from embedding import Source, StudentSpace
from embedding.encoder import EMBEDDING
from embedding.encoding import Tokens
from embedding.reading import Reader
from embedding.surrogate import Surrogate
from networks import Candidates


def _surrogate(students: StudentSpace, kernels: int = 2) -> Surrogate:
    return Surrogate(students.features(students.teacher()).shape[1], kernels, seed=0)


def test_inputs_are_laid_out_as_the_kernel_reads_them(students: StudentSpace) -> None:
    surrogate = _surrogate(students)
    drawn = students.sample(7, torch.Generator().manual_seed(0))
    reading = Reader(students, surrogate).read(Candidates.cat([students.teacher(), drawn]))
    layout, x = surrogate.layout, reading.x
    assert x.dtype == torch.float64
    assert torch.equal(x[:, 0], torch.ones(8).double())
    assert torch.equal(x[1:, layout.plain.start : layout.logs.start], students.features(drawn))
    costs = students.costs(reading.candidates)
    assert torch.equal(x[:, layout.costs][:, 0], costs.params.double())
    assert torch.equal(x[:, layout.costs][:, 2], costs.bytes.double())
    logs = torch.stack([costs.params / costs.params[0], costs.macs / costs.macs[0]], dim=1).log2()
    torch.testing.assert_close(x[:, layout.logs], logs.double(), rtol=1e-5, atol=1e-6)
    assert torch.equal(x[:, layout.embeddings], surrogate.embed(reading.tokens))


def test_after_one_encoder_learned_only_its_columns_change(students: StudentSpace) -> None:
    surrogate = _surrogate(students)
    reader = Reader(students, surrogate)
    reading = reader.read(students.sample(5, torch.Generator().manual_seed(0)))
    with torch.no_grad():
        for value in surrogate.encoders[1].parameters():
            value.add_(0.1)
    again = reader.again(reading, 1)
    changed = (again.x != reading.x).any(0).nonzero().flatten().tolist()
    begin = surrogate.layout.embeddings.start + EMBEDDING
    assert changed == list(range(begin, begin + EMBEDDING))
    assert torch.equal(again.x, reader.read(reading.candidates).x)


def test_without_encoders_there_is_nothing_to_read_again(students: StudentSpace) -> None:
    reader = Reader(students, _surrogate(students, kernels=0))
    reading = reader.read(students.teacher())
    assert reader.again(reading, 0) is reading


def test_rows_are_taken_of_everything(students: StudentSpace) -> None:
    drawn = students.sample(5, torch.Generator().manual_seed(0))
    reading = Reader(students, _surrogate(students)).read(drawn)
    some = reading.take(torch.tensor([3, 1]))
    assert len(some) == 2
    assert students.keys(some.candidates) == [students.keys(drawn)[3], students.keys(drawn)[1]]
    assert torch.equal(some.x, reading.x[[3, 1]])
    assert torch.equal(some.tokens.mask, reading.tokens.mask[[3, 1]])


class Ninth:
    """Stands for an earlier search, whose guess is a ninth of the logarithm of the parameters."""

    def guess(self, tokens: Tokens, logs: Tensor) -> Tensor:
        assert len(tokens.values) == len(logs)
        return logs[:, 0] / 9


def test_what_an_earlier_search_guesses_has_a_column(students: StudentSpace) -> None:
    decisions = students.features(students.teacher()).shape[1]
    surrogate = Surrogate(decisions, 2, seed=0, sources=1)
    reader = Reader(students, surrogate, cast("Source", Ninth()))
    reading = reader.read(students.sample(5, torch.Generator().manual_seed(0)))
    layout, x = surrogate.layout, reading.x
    assert torch.equal(x[:, layout.guesses], x[:, layout.logs][:, :1] / 9)
    assert torch.equal(x[:, layout.embeddings], surrogate.embed(reading.tokens))
    assert x.shape[1] == layout.embeddings.stop + 4
