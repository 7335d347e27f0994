"""Directions of a latent in which a generator's images change most, from its weights alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mapgan.sampling.first_layers import input_weights
from mapgan.sampling.latent_shape import LatentShape


def sefa(generator: nn.Module, shape: LatentShape) -> Tensor:
    """The directions of SeFa, `[dimensions, dimensions]` float64: a row of length 1 each, the strongest first.

    They are the eigenvectors of A^T A, where A is the weight of the first layer: the directions that move its output
    farthest (Shen and Zhou 2021, Closed-Form Factorization of Latent Semantics in GANs, arXiv:2007.06600, section 3).
    With a spatial latent a direction is the same at all sites. The sign, which is arbitrary, is such that the largest
    component is positive.
    """
    weights = input_weights(generator, shape)
    directions: Tensor = torch.linalg.eigh(weights.T @ weights).eigenvectors.flip(1).T
    largest = directions.gather(1, directions.abs().argmax(dim=1, keepdim=True))
    return directions * torch.sign(largest)
