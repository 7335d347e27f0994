"""Make a generator that comes with mapgan of a run: float16 weights, settings, numbers and a picture.

    python -m tools.pack_model RUN NAME "What it was trained on." [--layout RUN]

Run `mapgan evaluate RUN --extractor ...` before: its numbers are stored. A generator with a label for each square gets
that of `--layout` beside it, which draws its plans.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from PIL import Image

from mapgan import files, stages
from mapgan.models import FOLDER
from mapgan.networks.generator_file import load_generator, save_network
from mapgan.params import Sample
from mapgan.sampling.layout import layout_path

SEED = "0"  # of the picture


def main() -> None:
    """Write the files of a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("summary")
    parser.add_argument("--layout", type=Path)
    arguments = parser.parse_args()
    run, target = arguments.run, FOLDER / f"{arguments.name}.safetensors"

    _store(run, target)
    if arguments.layout:
        _store(arguments.layout, layout_path(target))
    settings = (run / "params.yaml").read_text(encoding="utf-8")
    summary = "\n".join(f"# {line}".rstrip() for line in arguments.summary.splitlines())
    files.write_text(target.with_suffix(".yaml"), f"{summary}\n#\n{settings}")
    metrics = (run / "results/evaluate/metrics.json").read_text(encoding="utf-8")
    files.write_text(target.with_suffix(".json"), metrics)
    draw(target).save(target.with_suffix(".webp"), lossless=True)


def _store(run: Path, target: Path) -> None:
    network, about = load_generator(run / "generator.safetensors")
    save_network(target, {name: tensor.half() for name, tensor in network.state_dict().items()}, about)


def draw(generator: Path) -> Image.Image:
    """The map of `SEED` at its default size."""
    with tempfile.TemporaryDirectory() as folder:
        stages.sample(Sample(seeds=SEED, sheet="1x1"), generator, Path(folder))
        [path] = (Path(folder) / "singles").iterdir()
        with Image.open(path) as image:
            return image.convert("RGB")


if __name__ == "__main__":
    main()
