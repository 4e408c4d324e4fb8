import pytest
import torch

from embedding.encoder import EMBEDDING, Encoder
from embedding.encoding import TOKEN_FEATURES, Tokens


def _tokens(n: int, length: int, padding: int = 0) -> Tokens:
    generator = torch.Generator().manual_seed(5)
    values = torch.randn(n, length, len(TOKEN_FEATURES), generator=generator)
    mask = torch.ones(n, length, dtype=torch.bool)
    pad = (0, padding)
    return Tokens(torch.nn.functional.pad(values, (0, 0, *pad)), torch.nn.functional.pad(mask, pad))


def test_embeddings_have_unit_norm() -> None:
    embedded = Encoder.seeded(0)(_tokens(7, 5))
    assert embedded.shape == (7, EMBEDDING)
    torch.testing.assert_close(embedded.norm(dim=1), torch.ones(7))


def test_padding_changes_nothing() -> None:
    encoder = Encoder.seeded(0)
    torch.testing.assert_close(encoder(_tokens(3, 5)), encoder(_tokens(3, 5, padding=4)))


def test_lengths_may_differ_within_a_batch() -> None:
    encoder = Encoder.seeded(0)
    values, mask = _tokens(2, 6)
    mask[1, 2:] = False
    values[1, 2:] = 0
    together = encoder(Tokens(values, mask))
    torch.testing.assert_close(together[0:1], encoder(Tokens(values[:1], mask[:1])))
    torch.testing.assert_close(together[1:], encoder(Tokens(values[1:, :2], mask[1:, :2])))


def test_the_order_of_layers_matters_in_both_directions() -> None:
    encoder = Encoder.seeded(0)
    values, mask = _tokens(1, 5)
    changed = encoder(Tokens(values.flip(1), mask))
    assert (changed - encoder(Tokens(values, mask))).norm() > 1e-3


def test_every_weight_gets_a_gradient() -> None:
    encoder = Encoder.seeded(0)
    encoder(_tokens(3, 4))[:, 0].sum().backward()
    assert all(x.grad is not None and x.grad.abs().sum() > 0 for x in encoder.parameters())


def test_a_seed_gives_its_weights_and_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(9)
    expected = torch.rand(1)
    torch.manual_seed(9)
    first, second, other = Encoder.seeded(1), Encoder.seeded(1), Encoder.seeded(2)
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(first.head.weight, second.head.weight)
    assert not torch.equal(first.head.weight, other.head.weight)


def test_no_tokens_and_no_candidates() -> None:
    encoder = Encoder.seeded(0)
    assert encoder(_tokens(0, 1)).shape == (0, EMBEDDING)
    values, mask = _tokens(1, 1)
    assert torch.isfinite(encoder(Tokens(values * 0, mask & False))).all()


def test_tokens_of_another_encoding_are_refused() -> None:
    values, mask = _tokens(1, 2)
    with pytest.raises(ValueError, match=f"of {len(TOKEN_FEATURES)} features, got 3"):
        Encoder.seeded(0)(Tokens(values[..., :3], mask))
