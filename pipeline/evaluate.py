"""evaluate: how near the generator's pictures come to held-out ones."""

from pathlib import Path

from mapgan import stages
from mapgan.errors import explained
from mapgan.params import load_params
from mapgan.training.machine import find_device

with explained():
    params = load_params()
    generator, results = Path("models/generator.safetensors"), Path("results/evaluate")
    device = str(find_device(params.machine))
    print(stages.evaluate(params.evaluate, generator, Path("data/maps"), results, params.seed, device))
