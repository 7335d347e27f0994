"""The file of a generator is self-contained, and holds nothing that can run."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from mapgan import networks
from mapgan.errors import MapganError
from mapgan.networks.generator_file import About, latent_size, load_generator, save_network
from mapgan.params import DcganModern

SETTINGS = DcganModern(
    latent=5, latent_kind="vector", generator_channels=2, discriminator_channels=2, max_channels=4, last_channels=2
)


def saved(
    path: Path,
    width: int = 40,
    scale: float = 1.0,
    dtype: torch.dtype = torch.float32,
    labels: Sequence[str] = (),
    **changes: object,
) -> torch.nn.Module:
    generator = networks.build("dcgan-modern", SETTINGS, 40, 24, labels=len(labels)).generator
    settings = SETTINGS.model_dump() | changes
    about = About(
        **{"network": "dcgan-modern", "settings": settings, "width": width, "height": 24},
        **{"steps": 3, "seed": 0, "data": "abc", "labels": list(labels)},
    )
    weights = {name: (scale * tensor).to(dtype) for name, tensor in generator.state_dict().items()}
    save_network(path, weights, about)
    return generator


def test_a_generator_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    generator = saved(tmp_path / "g.safetensors").eval()
    loaded, about = load_generator(tmp_path / "g.safetensors")
    z = torch.randn(2, 5)
    assert torch.equal(loaded(z), generator(z))
    assert (about.width, about.height, about.steps) == (40, 24, 3)


def test_a_conditional_generator_is_loaded_with_the_names_of_its_labels(tmp_path: Path) -> None:
    generator = saved(tmp_path / "g.safetensors", labels=["cave", "town"]).eval()
    loaded, about = load_generator(tmp_path / "g.safetensors")
    z, labels = torch.randn(2, latent_size(about)), torch.tensor([1, 0])
    assert torch.equal(loaded(z, labels), generator(z, labels))
    assert about.labels == ["cave", "town"]


def test_a_file_without_the_key_labels_is_loaded(tmp_path: Path) -> None:
    saved(tmp_path / "g.safetensors")
    with safe_open(tmp_path / "g.safetensors", framework="pt") as stored:
        weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        metadata = json.loads(stored.metadata()["mapgan"])
    del metadata["labels"]
    save_file(weights, tmp_path / "old.safetensors", metadata={"mapgan": json.dumps(metadata)})
    assert load_generator(tmp_path / "old.safetensors")[1].labels == []


def test_the_same_generator_is_saved_as_the_same_bytes(tmp_path: Path) -> None:
    saved(tmp_path / "a.safetensors")
    saved(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def bad_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps({"weights": 1}))


def bad_truncated(path: Path) -> None:
    saved(path)
    path.write_bytes(path.read_bytes()[:-100])


def bad_without_metadata(path: Path) -> None:
    save_file({"a": torch.zeros(1)}, path)


def bad_version(path: Path) -> None:
    save_file({"a": torch.zeros(1)}, path, metadata={"mapgan": json.dumps({"format": 99})})


def bad_shapes(path: Path) -> None:
    saved(path, latent=6)


def bad_huge_network(path: Path) -> None:
    saved(path, generator_channels=10**7, max_channels=10**9)


def bad_huge_latent(path: Path) -> None:
    saved(path, latent=10**30)


def bad_nesting(path: Path) -> None:
    save_file({"a": torch.zeros(1)}, path, metadata={"mapgan": "[" * 100_000})


def bad_nan(path: Path) -> None:
    saved(path, scale=float("nan"))


def bad_dtype(path: Path) -> None:
    saved(path, dtype=torch.float64)


def bad_label_names(names: list[str]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        saved(path, labels=["cave", "town"])
        with safe_open(path, framework="pt") as stored:
            weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
            metadata = json.loads(stored.metadata()["mapgan"])
        save_file(weights, path, metadata={"mapgan": json.dumps(metadata | {"labels": names})})

    return damage


BAD = [
    bad_pickle,
    bad_truncated,
    bad_without_metadata,
    bad_version,
    bad_shapes,
    bad_huge_network,
    bad_huge_latent,
    bad_nesting,
    bad_nan,
    bad_dtype,
    bad_label_names(["cave", "cave"]),
    bad_label_names(["cave", ""]),
    bad_label_names(["cave", "two\nlines"]),
    bad_label_names(["cave", "town" * 30]),
]


@pytest.mark.parametrize("damage", BAD)
def test_a_file_that_is_not_a_generator_is_a_one_line_error(tmp_path: Path, damage: object) -> None:
    damage(tmp_path / "g.safetensors")  # type: ignore[operator]
    with pytest.raises(MapganError) as error:
        load_generator(tmp_path / "g.safetensors")
    assert str(error.value).startswith(str(tmp_path / "g.safetensors"))
    assert "\n" not in str(error.value)


def test_a_missing_file_is_a_one_line_error(tmp_path: Path) -> None:
    with pytest.raises(MapganError, match="no such file"):
        load_generator(tmp_path / "g.safetensors")
