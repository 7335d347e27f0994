"""A renderer with the generators that come with mapgan; its maps are small."""

from __future__ import annotations

import pytest
import torch

from mapgan.explore.generators import Generators
from mapgan.explore.scene import Scene
from mapgan.explore.scene_renderer import SceneRenderer
from mapgan.params import Machine


@pytest.fixture(scope="session")
def renderer() -> SceneRenderer:
    return SceneRenderer(Generators({}), Machine(), torch.device("cpu"))


@pytest.fixture
def scene() -> Scene:
    return Scene(generator="plans", latent="8", columns=12, rows=8)
