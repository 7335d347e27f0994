"""Penalties on D's slope against slopes that are known or derived by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mapgan.params import load
from mapgan.training.objective.batches import Batches
from mapgan.training.objective.penalties import (
    autograd_penalty,
    finite_difference_penalty,
    gradient_penalty,
    penalty_is_due,
    wgan_gp_penalty,
)


class Linear(nn.Module):
    """A D whose slope is the same everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 4, 4))

    def forward(self, images: Tensor) -> Tensor:
        return (images * self.weight).sum((1, 2, 3))


def curved() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(48, 8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0)).double()


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_the_exact_penalty_and_its_gradient_are_those_of_the_formula() -> None:
    network, images = curved(), torch.randn(5, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    square = autograd_penalty(network(images), images)
    square.sum().backward()
    _, first, _, last, _ = network
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    found = first.weight.grad
    weight = first.weight.detach().clone().requires_grad_()
    # D(x) = v tanh(W x + b), so grad D(x) = (v (1 - tanh^2)) W
    inner = torch.tanh(images.detach().flatten(1) @ weight.T + first.bias.detach())
    slope = (last.weight.detach() * (1 - inner.square())) @ weight
    assert torch.allclose(square, slope.square().sum(1))
    slope.square().sum().backward()
    assert found is not None
    assert weight.grad is not None
    assert torch.allclose(found, weight.grad)


def test_the_finite_difference_comes_near_the_exact_penalty() -> None:
    network, image = curved(), torch.randn(1, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    known = autograd_penalty(network(image), image).item()
    moved = image.detach() + 0.01 * torch.randn(50_000, 3, 4, 4, dtype=torch.float64)
    found = finite_difference_penalty(network(image).detach(), network(moved).detach(), 0.01).mean()
    assert found.item() == pytest.approx(known, rel=0.03)


def test_between_images_the_slope_of_a_linear_network_is_its_weight() -> None:
    network = Linear()
    real, fake = torch.randn(2, 6, 3, 4, 4)
    found = wgan_gp_penalty(network, real, fake, torch.rand(6, 1))
    assert torch.allclose(found, (network.weight.norm() - 1).square().expand(6))
    found.mean().backward()
    assert network.weight.grad is not None
    length = network.weight.detach().norm()
    assert torch.allclose(network.weight.grad, 2 * (length - 1) * network.weight.detach() / length)


def test_a_network_that_says_the_same_of_all_has_no_endless_gradient() -> None:
    network = Linear()
    nn.init.zeros_(network.weight)
    wgan_gp_penalty(network, *torch.randn(2, 6, 3, 4, 4), torch.rand(6, 1)).mean().backward()
    assert network.weight.grad is not None
    assert network.weight.grad.isfinite().all()


@pytest.mark.parametrize(
    ("settings", "times"),
    [
        (["train.penalty_kind=autograd"], 2),
        (["train.penalty_kind=autograd", "train.penalty_at=real"], 1),
        (["train.penalty_kind=autograd", "train.penalty_at=fake", "train.penalty_every=4"], 4),
    ],
)
def test_gamma_and_the_interval_weigh_the_penalty(settings: list[str], times: int) -> None:
    train = load(settings=["train.penalty=3.0", "train.penalty_every=1", "train.batch_size=5", *settings]).train
    network, indices = Linear(), range(5)
    shown = {kind: (torch.randn(5, 3, 4, 4).requires_grad_(),) for kind in ("real", "fake")}
    logits = {side: network(images) for side, (images,) in shown.items()}
    batches = Batches(torch.zeros(5, 4, 4, 3, dtype=torch.uint8).numpy(), 0, train, 1, indices, torch.device("cpu"))
    d_step = train.penalty_every - 1
    found = gradient_penalty(train, network, shown, logits, batches, d_step, indices)
    assert found.item() == pytest.approx(times * 3.0 / 2 * network.weight.square().sum().item(), rel=1e-5)
    assert not gradient_penalty(train, network, shown, logits, batches, d_step + 1, indices) or train.penalty_every == 1
    assert [penalty_is_due(train, number) for number in range(4)].count(True) == 4 // train.penalty_every
