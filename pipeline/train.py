"""train: trains a generator. Checkpoints are in .mapgan/state, which DVC does not delete."""

from pathlib import Path

from mapgan import stages
from mapgan.errors import exit_on_error
from mapgan.params import load_params

if __name__ == "__main__":  # worker processes import this file too
    with exit_on_error():
        params = load_params()
        generator, results = Path("models/generator.safetensors"), Path("results/train")
        print(stages.train(params, Path("data/maps"), generator, results, Path(".mapgan")))
