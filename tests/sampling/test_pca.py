"""Directions of the principal components of images."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mapgan import networks
from mapgan.networks import conditional
from mapgan.networks.generator_file import latent_size, load_generator
from mapgan.sampling import directions
from mapgan.sampling.directions import pca
from mapgan.sampling.expression import Latents
from mapgan.sampling.latent_shape import LatentShape, latent_shape
from tests.sampling.vivid import vivid


class Grey(nn.Module):
    """The left half of the image is as bright as the third number of the latent says, the right half as the first."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([0.1, 0.2]))

    def forward(self, z: Tensor) -> Tensor:
        halves = z[:, [2, 0]] * self.scale.flip(0)
        return torch.tanh(halves)[:, None, None, :].repeat_interleave(16, 3).expand(-1, 3, 32, -1)


def test_what_changes_images_most_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directions, "IMAGES", 200)
    found = pca(Grey(), LatentShape(4))
    assert found[0, 2] > 0.95
    assert found[1, 0] > 0.95
    assert torch.allclose(found.norm(dim=1), torch.ones(4, dtype=torch.float64))


class Labelled(Grey):
    """The same, below a third of the image that is as bright as the embedding of the label says."""

    def forward(self, z: Tensor) -> Tensor:
        images = super().forward(z).clone()
        images[:, :, :10] = torch.tanh(z[:, 4])[:, None, None, None]
        return images


def test_labels_are_no_direction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directions, "IMAGES", 200)
    found = pca(conditional.Generator(Labelled(), 3), LatentShape(4))
    assert found[0, 2] > 0.95
    assert found[1, 0] > 0.95


@pytest.mark.parametrize(("kind", "labels"), [("theme", None), ("vector", ["cave", "town"])])
def test_any_generator_has_them_and_stays_as_it_is(
    tmp_path: Path, kind: str, labels: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directions, "MAPS", 3)
    monkeypatch.setattr(directions, "IMAGES", 12)
    generator, about = load_generator(vivid(tmp_path / "g.safetensors", kind, labels))
    shape = latent_shape(generator, latent_size(about))
    inner = networks.spatial_generator(generator)
    before = inner and inner.size
    found = pca(generator, shape)
    assert (inner and inner.size) == before
    assert found.shape == (shape.dimensions, shape.dimensions)
    assert torch.equal(found, pca(generator, shape))
    value = Latents(generator, shape).value("2 * pca(1)")
    assert torch.equal(value, 2 * shape.spread(found[1]).float())
