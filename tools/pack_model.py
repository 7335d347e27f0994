"""Make a generator that comes with mapgan of a run: float16 weights, settings, numbers and a picture.

    python -m tools.pack_model RUN NAME "What it was trained on."

Run `mapgan evaluate RUN --extractor ...` before: its numbers are stored.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from PIL import Image

from mapgan import files, networks
from mapgan.models import FOLDER
from mapgan.networks.generator_file import latent_size, load_generator, save_network
from mapgan.params import Sample
from mapgan.sampling.generate import generate
from mapgan.sampling.map_size import map_size

SEED = 0  # of the picture


def main() -> None:
    """Write the four files of a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("summary")
    arguments = parser.parse_args()
    run, target = arguments.run, FOLDER / f"{arguments.name}.safetensors"

    network, about = load_generator(run / "generator.safetensors")
    save_network(target, {name: tensor.half() for name, tensor in network.state_dict().items()}, about)
    settings = (run / "params.yaml").read_text(encoding="utf-8")
    files.write_text(target.with_suffix(".yaml"), f"# {arguments.summary}\n#\n{settings}")
    metrics = (run / "results/evaluate/metrics.json").read_text(encoding="utf-8")
    files.write_text(target.with_suffix(".json"), metrics)
    draw(target).save(target.with_suffix(".webp"), lossless=True)


@torch.no_grad()
def draw(generator: Path) -> Image.Image:
    """The map of `SEED` at its default size."""
    network, about = load_generator(generator)
    spatial = networks.spatial_generator(network) is not None
    size = map_size(Sample(), about, spatial)
    latent = networks.resize(network, *size, False) if spatial else latent_size(about)
    return Image.fromarray(next(generate(network, latent, [SEED])))


if __name__ == "__main__":
    main()
