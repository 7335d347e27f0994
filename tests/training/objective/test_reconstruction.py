"""The loss of rebuilt images: which ones are compared, and with what."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from mapgan.dataset import open_dataset
from mapgan.errors import SettingsError
from mapgan.params import load
from mapgan.training.device.device import make_accelerator
from mapgan.training.objective.reconstruction import discriminate, l1_distance
from mapgan.training.prepare import plan_memory, prepare
from tests.conftest import TINY


class Grey:
    """A D whose decoder answers every image with grey."""

    def __call__(self, images: Tensor, rebuild: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        logits = images.mean((1, 2, 3))
        return (logits, torch.zeros(len(images), 3, 2, 2)) if rebuild else logits


def test_images_are_reduced_by_averaging() -> None:
    images = torch.tensor([1.0, 0.0, 0.5, 0.5]).view(1, 1, 1, 4).expand(2, 3, 4, 4)
    assert l1_distance(torch.full((2, 3, 2, 2), 0.5), images).tolist() == [0, 0]
    assert l1_distance(torch.full((2, 3, 4, 4), 0.5), images).tolist() == [0.25, 0.25]


def test_only_real_images_are_compared() -> None:
    real, fake = torch.full((3, 3, 8, 8), 0.25), torch.ones(3, 3, 8, 8)
    logits, distance = discriminate(Grey(), {"real": (real,), "fake": (fake,)}, rebuild=True)
    assert distance.item() == 0.25
    assert logits["fake"].tolist() == [1, 1, 1]
    assert discriminate(Grey(), {"fake": (fake,)}, rebuild=True)[1].item() == 0
    assert discriminate(Grey(), {"real": (real,)}, rebuild=False)[1].item() == 0


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("extra", [[], ["train.loss=hinge", "train.discriminator_passes=separate"]])
def test_the_weight_scales_the_decoders_gradient_and_nothing_of_the_rest(
    squares: Path, shades: Path, labelled: bool, extra: list[str]
) -> None:
    """The first step of D, for the loss and its decoder; the head is moved by the GAN's loss alone."""

    def gradients(weight: float) -> tuple[Tensor, Tensor, float]:
        params = load(settings=[*TINY, *extra, f"train.reconstruction={weight}"])
        dataset, accelerator = open_dataset(shades if labelled else squares), make_accelerator(params)
        step = prepare(params, dataset, accelerator, plan_memory(params, dataset, accelerator))
        metrics = step._discriminator_backward(0, step.indices, 1.0)
        found = {name.removeprefix("inner."): weight.grad for name, weight in step.discriminator.named_parameters()}
        decoder, head = found["decoder.blocks.0.conv.weight"], found["head.weight"]
        assert decoder is not None
        assert head is not None
        return decoder, head, metrics["reconstruction"].item()

    (one, head, distance), (three, same, also) = gradients(1.0), gradients(3.0)
    assert torch.allclose(3 * one, three, atol=1e-7)
    assert one.abs().max() > 0
    assert torch.equal(head, same)
    assert 0.1 < distance == also


def test_other_networks_cannot_rebuild() -> None:
    with pytest.raises(SettingsError, match=r"train\.reconstruction: the discriminator of dcgan cannot rebuild"):
        load(settings=["train.network=dcgan", "train.reconstruction=1"])
