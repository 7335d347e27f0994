"""Losses against their formulas, written the long way."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mapgan.training.objective.losses import LOSSES, accuracy, discriminator_loss

REAL, FAKE = torch.tensor([1.5, -0.5]), torch.tensor([0.25, -2.0])


def bce(logits: torch.Tensor, target: float) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target), reduction="none")


EXPECTED = {
    "non-saturating": (bce(REAL, 0.9) + bce(FAKE, 0.0), bce(FAKE, 1.0)),
    "least-squares": (((REAL - 0.9) ** 2 + FAKE**2) / 2, (FAKE - 1) ** 2 / 2),
    "saturating": (bce(REAL, 0.9) + bce(FAKE, 0.0), (1 - torch.sigmoid(FAKE)).log()),
    "wasserstein": (FAKE - REAL, -FAKE),
    "hinge": (torch.tensor([0.0, 1.5]) + torch.tensor([1.25, 0.0]), -FAKE),
    "relativistic": (-torch.sigmoid(REAL - FAKE).log(), -torch.sigmoid(FAKE - REAL).log()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_their_formulas(name: str) -> None:
    discriminator, generator = EXPECTED[name]
    loss = LOSSES[name]
    assert torch.allclose(discriminator_loss(loss, {"real": REAL, "fake": FAKE}, 0.9, {}), discriminator)
    assert torch.allclose(loss.generator(FAKE - REAL if loss.relativistic else FAKE), generator)


@pytest.mark.parametrize("name", LOSSES)
def test_the_generator_wants_higher_verdicts_on_its_images(name: str) -> None:
    fake = FAKE.clone().requires_grad_()
    LOSSES[name].generator(fake).sum().backward()
    assert fake.grad is not None
    assert (fake.grad < 0).all()


def test_accuracy_counts_pairs_or_images() -> None:
    assert accuracy(LOSSES["relativistic"], REAL, FAKE).item() == 1.0
    assert accuracy(LOSSES["hinge"], REAL, FAKE).item() == 0.5
    assert accuracy(LOSSES["least-squares"], torch.tensor([0.9]), torch.tensor([0.1])).item() == 1.0


@pytest.mark.parametrize("name", LOSSES)
def test_a_flipped_label_is_the_loss_of_the_other(name: str) -> None:
    loss, first = LOSSES[name], torch.tensor([True, False])
    logits = {"real": REAL, "fake": FAKE}
    flipped = discriminator_loss(loss, logits, 1.0, {"real": first, "fake": first})
    swapped = discriminator_loss(loss, {"real": FAKE, "fake": REAL}, 1.0, {})
    assert flipped[0] == pytest.approx(swapped[0].item())
    assert flipped[1] == discriminator_loss(loss, logits, 1.0, {})[1]


@pytest.mark.parametrize("name", sorted(LOSSES.keys() - {"relativistic"}))
def test_seen_apart_both_kinds_have_the_loss_that_they_have_together(name: str) -> None:
    real, fake = (discriminator_loss(LOSSES[name], side, 0.9, {}) for side in ({"real": REAL}, {"fake": FAKE}))
    together = discriminator_loss(LOSSES[name], {"real": REAL, "fake": FAKE}, 0.9, {})
    assert torch.allclose(real + fake, together)
