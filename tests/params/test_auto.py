"""Settings that follow the size of the images and the batch size."""

from __future__ import annotations

from pathlib import Path

import pytest

from mapgan.errors import SettingsError
from mapgan.params import Params, load
from mapgan.params.writing import to_yaml

# size, batch: penalty by StyleGAN2-ADA's rule, learning rate, half-life of the EMA in steps
RULES = [
    (64, 32, 0.026, 0.001, 312),
    (128, 32, 0.1, 0.0005, 625),
    (256, 32, 0.41, 0.00025, 1250),
    (512, 32, 1.6, 0.0002, 1562),
    (768, 32, 3.7, 0.0002, 1562),
    (64, 8, 0.1, 0.0005, 625),
    (64, 128, 0.0064, 0.001, 312),
]


@pytest.mark.parametrize(("side", "batch", "penalty", "lr", "half_life"), RULES)
def test_auto_follows_size_and_batch(side: int, batch: int, penalty: float, lr: float, half_life: int) -> None:
    train = load(settings=[f"resize.width={side}", f"resize.height={side}", f"train.batch_size={batch}"]).train
    assert (train.penalty, train.generator_lr, train.discriminator_lr) == (penalty, lr, lr)
    assert train.ema**half_life == pytest.approx(0.5, abs=0.002)
    assert train.watch.policy == ("roll-back" if side >= 256 else "warn")


def test_a_number_of_ones_own_wins() -> None:
    own = ["train.penalty=0.3", "train.generator_lr=0.01", "train.ema=0.5", "train.watch.policy=stop"]
    train = load(settings=["resize.width=512", *own]).train
    assert (train.penalty, train.generator_lr, train.ema, train.watch.policy) == (0.3, 0.01, 0.5, "stop")
    assert train.discriminator_lr < 0.001


def test_the_penalty_of_wgan_gp_is_that_of_its_paper() -> None:
    assert load(settings=["train.penalty_kind=wgan-gp", "train.loss=wasserstein"]).train.penalty == 10


def test_files_of_settings_say_auto_and_those_of_runs_say_numbers(tmp_path: Path) -> None:
    assert "  generator_lr: auto\n" in to_yaml(Params())
    (tmp_path / "params.yaml").write_text(to_yaml(load(settings=["train.generator_lr=auto"])))
    assert "  generator_lr: 0.001\n" in (tmp_path / "params.yaml").read_text()
    assert load(tmp_path / "params.yaml") == load()


@pytest.mark.parametrize("value", ["automatic", "-1", ".nan"])
def test_a_wrong_value_is_answered_with_what_is_allowed(value: str) -> None:
    with pytest.raises(SettingsError, match=r"allowed: a number of at least 0, or auto$"):
        load(settings=[f"train.penalty={value}"])


@pytest.mark.parametrize(
    ("precision", "kind"), [("no", "finite-difference"), ("tf32", "finite-difference"), ("bf16", "autograd")]
)
def test_a_difference_of_logits_is_not_taken_in_bf16(precision: str, kind: str) -> None:
    assert load(settings=[f"train.precision='{precision}'"]).train.penalty_kind == kind
    chosen = load(settings=[f"train.precision='{precision}'", "train.penalty_kind=finite-difference"]).train
    assert chosen.penalty_kind == "finite-difference"
