"""Small generators with random weights whose images differ visibly from latent to latent."""

from __future__ import annotations

from pathlib import Path

import torch

from mapgan import networks
from mapgan.networks.generator_file import About, save_network
from mapgan.params import Dcgan, DcganModern, Mapmaker, Mlp, NetworkName
from mapgan.params.section import Section

MODERN = {"latent": 5, "generator_channels": 4, "max_channels": 8, "last_channels": 4}
KINDS: dict[str, tuple[NetworkName, Section]] = {
    "spatial": ("dcgan-modern", DcganModern(latent_kind="spatial", **MODERN)),  # type: ignore[arg-type]
    "theme": ("dcgan-modern", DcganModern(latent_kind="spatial", theme=3, noise=0.3, **MODERN)),  # type: ignore[arg-type]
    "vector": ("dcgan-modern", DcganModern(latent_kind="vector", noise=0.3, **MODERN)),  # type: ignore[arg-type]
    "constant": ("dcgan-modern", DcganModern(latent_kind="constant", **MODERN)),  # type: ignore[arg-type]
    "dcgan": ("dcgan", Dcgan(latent=5, generator_channels=4, discriminator_channels=4, max_channels=16)),
    "mlp": ("mlp", Mlp(latent=5, generator_units=4)),
    "mapmaker": ("mapmaker", Mapmaker(latent=5, generator_channels=4)),
}


def vivid(path: Path, kind: str = "spatial", labels: list[str] | None = None, seed: int = 0) -> Path:
    """A generator of 40 x 24 pixels, 8 per square, and its discriminator beside it, in `path`."""
    name, settings = KINDS[kind]
    pair = networks.build(name, settings, 40, 24, seed=seed, labels=len(labels or []))
    about = About(network=name, settings=settings.model_dump(), width=40, height=24, steps=1, seed=seed, data="",
                  labels=labels or [], pixels_per_square=8.0)  # fmt: skip
    weights = pair.generator.state_dict()
    last = [key for key in weights if key.endswith("weight") and "embedding" not in key][-1]
    weights[last] = weights[last] * 20
    # before a normalization, and without biases, the scale of a latent, which truncation changes, would not count
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        weights |= {key: 0.5 * torch.randn_like(weight) for key, weight in weights.items() if key.endswith("bias")}
    save_network(path, weights, about)
    about = about.model_copy(update={"part": "discriminator"})
    save_network(path.with_name("discriminator.safetensors"), pair.discriminator.state_dict(), about)
    return path


def latents_of(count: int, size: int) -> torch.Tensor:
    """`[count, size]`, from N(0, 1)."""
    return torch.randn(count, size, generator=torch.Generator().manual_seed(0))
