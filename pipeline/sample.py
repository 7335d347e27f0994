"""sample: sheets and single pictures."""

from pathlib import Path

from mapgan import stages
from mapgan.errors import explained
from mapgan.params import load_params
from mapgan.training.machine import find_device

with explained():
    params = load_params()
    generator, results = Path("models/generator.safetensors"), Path("results/samples")
    print(stages.sample(params.sample, generator, results, str(find_device(params.machine))))
