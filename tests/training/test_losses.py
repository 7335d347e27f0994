"""Losses against their formulas, written the long way."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mapgan.training.losses import LOSSES, accuracy, slope_penalty

REAL, FAKE = torch.tensor([1.5, -0.5]), torch.tensor([0.25, -2.0])


def bce(logits: torch.Tensor, target: float) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target), reduction="none")


EXPECTED = {
    "non-saturating": (bce(REAL, 0.9) + bce(FAKE, 0.0), bce(FAKE, 1.0)),
    "least-squares": (((REAL - 0.9) ** 2 + FAKE**2) / 2, (FAKE - 1) ** 2 / 2),
    "hinge": (torch.tensor([0.0, 1.5]) + torch.tensor([1.25, 0.0]), -FAKE),
    "relativistic": (-torch.sigmoid(REAL - FAKE).log(), -torch.sigmoid(FAKE - REAL).log()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_their_formulas(name: str) -> None:
    discriminator, generator = EXPECTED[name]
    assert torch.allclose(LOSSES[name].discriminator(REAL, FAKE, 0.9), discriminator)
    assert torch.allclose(LOSSES[name].generator(REAL, FAKE), generator)


@pytest.mark.parametrize("name", LOSSES)
def test_the_generator_wants_higher_verdicts_on_its_pictures(name: str) -> None:
    fake = FAKE.clone().requires_grad_()
    LOSSES[name].generator(REAL, fake).sum().backward()
    assert fake.grad is not None
    assert (fake.grad < 0).all()


def test_the_finite_difference_is_the_squared_slope_on_average() -> None:
    torch.manual_seed(0)
    linear = nn.Linear(12, 1)
    x = torch.randn(1, 12).expand(200_000, 12)
    moved = x + 0.1 * torch.randn_like(x)
    slope = slope_penalty(linear(x).squeeze(1), linear(moved).squeeze(1), 0.1).mean()
    assert slope.item() == pytest.approx(linear.weight.square().sum().item(), rel=0.02)


def test_accuracy_counts_pairs_or_pictures() -> None:
    assert accuracy(LOSSES["relativistic"], REAL, FAKE).item() == 1.0
    assert accuracy(LOSSES["hinge"], REAL, FAKE).item() == 0.5
    assert accuracy(LOSSES["least-squares"], torch.tensor([0.9]), torch.tensor([0.1])).item() == 1.0
