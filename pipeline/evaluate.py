"""evaluate: metrics of generated images against the hold-out."""

from pathlib import Path

from mapgan import stages
from mapgan.errors import exit_on_error
from mapgan.params import load_params
from mapgan.training.device.device import find_device

with exit_on_error():
    params = load_params()
    generator, results = Path("models/generator.safetensors"), Path("results/evaluate")
    device = str(find_device(params.machine))
    print(stages.evaluate(params.evaluate, generator, Path("data/maps"), results, params.seed, device))
