"""Reading and writing settings, and one-line errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from mapgan.commands.preset import listing, write_preset
from mapgan.errors import MapganError, SettingsError
from mapgan.params import Params, load
from mapgan.params.auto import resolve_auto
from mapgan.params.error_messages import RENAMED, RENAMED_VALUES, keys, nearest
from mapgan.params.reading import merge, preset_names, read_preset, validate
from mapgan.params.writing import merge_into, to_yaml

ROOT = Path(__file__).parents[2]

WRONG = [
    ("train.batch_sizes=8", "train.batch_sizes: no such setting; nearest: train.batch_size"),
    ("trian.steps=8", "trian: no such setting; nearest: train\n"),
    ("train.batch_size=eight", "train.batch_size: 'eight' is not allowed; allowed: an integer of at least 1"),
    ("train.batch_size=0", "train.batch_size: 0 is not allowed; allowed: an integer of at least 1"),
    ("train.batch_size=2.5", "train.batch_size: 2.5 is not allowed; allowed: an integer of at least 1"),
    ("train.mirror=1", "train.mirror: 1 is not allowed; allowed: true or false"),
    ("train.loss=foo", "allowed: one of saturating, non-saturating, least-squares, hinge, wasserstein, relativistic"),
    ("resize.width=8", "resize.width: 8 is not allowed; allowed: an integer from 16 to 2048"),
    ("train.beta1=1.0", "train.beta1: 1.0 is not allowed; allowed: a number of at least 0 and below 1"),
    ("scrape.demo.styles=[a]", "allowed: a list, each one of rock, blueprint, ink"),
    ("scrape.group_pattern=(", "not a regular expression"),
    ("scrape.gallery.urls=x", "scrape.gallery.urls: 'x' is not allowed; allowed: a list, each text"),
    ("train.ghost_batch=7", "train.ghost_batch: 7 does not divide train.batch_size (32)"),
    ("train.discriminator_passes=separate", "the relativistic loss needs real and fake images in one pass; set joint"),
    (
        "train={penalty_kind: wgan-gp, penalty_at: real}",
        "wgan-gp is taken between real and fake images; set both, not real",
    ),
    (
        "train={penalty_kind: autograd, precision: fp16}",
        "autograd overflows in fp16; set finite-difference, or precision bf16",
    ),
    ("train.discriminator_betas=[0.5]", "train.discriminator_betas: name both, beta1 and beta2, or none"),
    (
        "train={augment_target: 0.6, augment: []}",
        "nothing to adapt; name the augmentations in train.augment",
    ),
    ("train.augment=[hue]", "allowed: a list, each one of color, translation, cutout, flip, rot90"),
    ("train=3", "train: 3 is not allowed; allowed: a table of settings"),
    ("train.networks.dcgan-modern.latnt=3", "nearest: train.networks.dcgan-modern.latent"),
    ("sample.seeds='5-3'", "sample.seeds: '5-3' is not a list of seeds; allowed: ascending ranges, up to"),
    (
        "sample.size=15x64",
        "sample.size: '15x64' is not a size that can be generated; allowed: 16 to 16384 pixels each way",
    ),
    ("sample.sheet=6", "sample.sheet: 6 is not allowed; allowed: text"),
    ("train.penalty=.inf", "train.penalty: inf is not allowed; allowed: a number of at least 0"),
    ("seed=null", "seed: None is not allowed; allowed: an integer"),
    ("train.networks.dcgan_modern.latent=0", "nearest: train.networks.dcgan-modern\n"),
    ("scrape.folder.path=~/maps", "write out the home directory"),
    ("nonsense", "not KEY=VALUE"),
    ("train.steps=[1", "not YAML"),
]


@pytest.mark.parametrize(("setting", "line"), WRONG)
def test_a_wrong_setting_is_a_one_line_error(setting: str, line: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(settings=["train.batch_size=32", setting])
    assert line in f"{error.value}\n"
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("old", "new"), RENAMED.items(), ids=list(RENAMED))
def test_an_old_name_is_answered_with_the_new_one(old: str, new: str, tmp_path: Path) -> None:
    assert new in keys()
    assert old not in keys()
    tree: object = 1
    for part in reversed(old.split(".")):
        tree = {part: tree}
    (tmp_path / "params.yaml").write_text(str(tree))
    with pytest.raises(SettingsError, match=rf"params.yaml: {old}: renamed, it is {new} now$"):
        load(tmp_path / "params.yaml")


OLD_VALUES = [(key, old, new) for key, values in RENAMED_VALUES.items() for old, new in values.items()]


@pytest.mark.parametrize(("key", "old", "new"), OLD_VALUES)
def test_an_old_value_is_answered_with_the_new_one(key: str, old: str, new: str) -> None:
    wrap = "[{}]" if key == "train.augment" else "{}"
    with pytest.raises(SettingsError, match=rf"{key}.*: {old} was renamed, it is {new} now$"):
        load(settings=[f"{key}={wrap.format(old)}"])
    load(settings=[f"{key}={wrap.format(new)}", "train.loss=hinge"])


def test_later_layers_override_earlier_ones(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("train: {steps: 1, batch_size: 2}\nresize: {width: 32, height: 48}\n")
    params = load(file, "maps-768-24gb", ["resize.height=96"])
    assert (params.resize.width, params.resize.height) == (768, 96)
    assert load(file).train.batch_size == 2
    assert load(file).train.steps == 1


def test_a_preset_with_a_micro_batch_allows_any_batch_size() -> None:
    assert load(preset="maps-768-24gb", settings=["train.batch_size=1"]).train.batch_size == 1


def test_rules_between_settings_are_checked_once_all_are_known() -> None:
    assert load(settings=["train.ghost_batch=7", "train.batch_size=14"]).train.ghost_batch == 7


def test_learning_rates_in_scientific_notation() -> None:
    assert load(settings=["train.generator_lr=1e-4"]).train.generator_lr == 1e-4


def test_a_label_may_be_a_number() -> None:
    assert load(settings=["sample.label=7"]).sample.label == "7"
    for wrong in ("true", "[7]"):
        with pytest.raises(SettingsError, match=r"sample\.label"):
            load(settings=[f"sample.label={wrong}"])


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MapganError, match="no such file"):
        load(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    "text", ["- a\n", "a: [\n", "a: 1\na: 2\n", "null: 3\n", "2020-01-01: 3\n", "[" * 1000, "a: \0"]
)
def test_a_broken_file_is_a_one_line_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(SettingsError) as error:
        load(tmp_path / "p.yaml")
    assert "\n" not in str(error.value)


def test_params_yaml_is_the_defaults_with_a_comment_for_every_key() -> None:
    assert (ROOT / "params.yaml").read_text(encoding="utf-8").split("\n\n", 1)[1] == to_yaml(Params())


def _sections(section: BaseModel) -> list[BaseModel]:
    children = [value for value in dict(section).values() if isinstance(value, BaseModel)]
    return [section, *(descendant for child in children for descendant in _sections(child))]


def test_every_setting_has_a_description() -> None:
    without = [
        f"{type(section).__name__}.{name}"
        for section in _sections(Params())
        for name, field in type(section).model_fields.items()
        if not field.description and not isinstance(getattr(section, name), BaseModel)
    ]
    assert without == []


def test_written_settings_read_back_the_same() -> None:
    from mapgan.params.reading import parse_yaml

    params = load(settings=["train.precision=bf16", "scrape.gallery.urls=['http://x/?a=b#c']", "sample.seeds='7'"])
    assert validate(parse_yaml(to_yaml(params), "x"), "x") == params


def test_nearest_weighs_the_last_part() -> None:
    assert nearest("training.generator_learning") in set(keys())
    assert nearest("batch_size") == "train.batch_size"


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_valid_and_listed(name: str) -> None:
    load(preset=name)
    assert f"{name} " in listing()


def test_the_cpu_preset_has_the_default_settings() -> None:
    assert load(preset="maps-64-cpu") == load()


def test_writing_a_preset_keeps_comments(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("# mine\ntrain:\n  steps: 5  # few\n  instance_noise: 0.5\n")
    write_preset("maps-768-24gb", file)
    text = file.read_text()
    assert "# mine" in text
    assert "# few" in text
    tree = merge({"train": {"instance_noise": 0.5}}, read_preset("maps-768-24gb"))
    assert load(file) == resolve_auto(validate(tree, "x"))


@pytest.fixture(scope="module")
def presets() -> dict[str, dict[str, Any]]:
    return {name: read_preset(name) for name in preset_names()}


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_undoes_each_other_one(name: str, presets: dict[str, dict[str, Any]]) -> None:
    alone = validate(presets[name], name)
    for before, tree in presets.items():
        assert validate(merge(tree, presets[name]), name) == alone, before


def test_presets_written_one_after_the_other_into_a_file(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(to_yaml(Params()))
    for name in preset_names():
        write_preset(name, file)
        assert load(file) == load(preset=name), name


def test_a_preset_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(MapganError, match="nearest: maps-768-24gb"):
        load(preset="maps-768-24")


def test_merging_into_yaml_keeps_other_settings_and_comments() -> None:
    assert merge_into("a: 1 # one\nb:\n  c: 2\n", {"b": {"d": 3}}) == "a: 1 # one\nb:\n  c: 2\n  d: 3\n"
