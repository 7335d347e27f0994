"""Dropout with masks from keys."""

from __future__ import annotations

import pytest
import torch

from mapgan.networks.dropout import Dropout


def dropped(fraction: float, x: torch.Tensor, keys: torch.Tensor | None) -> torch.Tensor:
    layer = Dropout(fraction)
    layer.keys = keys
    result: torch.Tensor = layer(x)
    return result


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_the_fraction_is_dropped_and_the_mean_is_kept(fraction: float) -> None:
    keys = torch.randint(2**32, (400,), generator=torch.Generator().manual_seed(0))
    x = dropped(fraction, torch.ones(400, 500), keys)
    assert x.unique().tolist() == pytest.approx([0, 1 / (1 - fraction)])
    assert (x == 0).double().mean().item() == pytest.approx(fraction, abs=0.005)
    # the same rate for all units and all images, and masks that are uncorrelated
    for kept in ((x != 0).double(), (x != 0).double().T):
        assert (kept.mean(0) - (1 - fraction)).abs().max() < 0.15
        correlations = torch.corrcoef(kept).fill_diagonal_(0)
        assert correlations.abs().max() < 0.35
        assert correlations.mean().abs() < 0.01


def test_a_mask_depends_on_its_key_only() -> None:
    x, keys = torch.ones(6, 50), torch.tensor([3, 1, 4, 1, 5, 2**32 - 1])
    whole = dropped(0.5, x, keys)
    assert torch.equal(whole[2:4], dropped(0.5, x[2:4], keys[2:4]))
    assert torch.equal(whole[1], whole[3])
    assert not torch.equal(whole[0], whole[1])
    assert torch.equal(dropped(0.5, torch.ones(12, 50), keys), whole.repeat(2, 1))  # two passes in one batch


def test_whole_channels_are_dropped() -> None:
    x = dropped(0.5, torch.ones(3, 40, 4, 4), None)
    assert torch.equal(x.amin((2, 3)), x.amax((2, 3)))


def test_no_dropout_in_evaluation_mode() -> None:
    x = torch.randn(2, 5)
    assert torch.equal(Dropout(0.5).eval()(x), x)
