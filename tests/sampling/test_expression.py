"""Expressions: what they mean, and that nothing else is evaluated."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mapgan import networks
from mapgan.errors import MapganError
from mapgan.networks.generator_file import load_generator
from mapgan.sampling.expression import Latents, Term, terms
from mapgan.sampling.interpolation import lerp, slerp
from mapgan.sampling.latent_shape import latent_shape
from mapgan.sampling.latents import latent
from tests.sampling.vivid import vivid


@pytest.fixture(scope="module")
def latents(tmp_path_factory: pytest.TempPathFactory) -> Latents:
    generator, _ = load_generator(vivid(tmp_path_factory.mktemp("g") / "g.safetensors", "theme"))
    size = networks.resize(generator, 64, 48, seamless=False)
    return Latents(generator, latent_shape(generator, size))


def z(latents: Latents, seed: int) -> torch.Tensor:
    return latent(seed, latents.shape.size).double()


def test_a_lone_seed_is_its_latent_to_the_bit(latents: Latents) -> None:
    assert torch.equal(latents.value("7"), latent(7, latents.shape.size))


def test_expressions_mean_what_they_say(latents: Latents) -> None:
    one, two, three = (z(latents, seed) for seed in (1, 2, 3))
    first = latents.shape.spread(torch.eye(latents.shape.dimensions, dtype=torch.float64)[6])
    for text, expected in {
        "1 - 2 + 3": one - two + three,
        "1 - (2 + 3)": one - (two + three),
        "-1": -one,
        "mean(1, 2, 3) - mean(2)": (one + two + three) / 3 - two,
        "2 * 3 / 4": 2 * three / 4,
        "-0.5 * (1 + 2)": -0.5 * (one + two),
        "lerp(1, 2, -0.25)": lerp(one, two, -0.25),
        "slerp(1, 2 - 3, 1)": slerp(one, two - three, 1.0, latents.shape),
        "1 + 0.25 * ones": one + 0.25,
        "zero": 0 * one,
        "-0.05 * axis(6)": -0.05 * first,
        "1 + 3 * sefa(2)": one + 3 * latents.shape.spread(latents.directions[2]),
    }.items():
        assert torch.equal(latents.value(text), expected.float()), text


def test_a_patch_has_the_sites_of_another_latent(latents: Latents) -> None:
    shape = latents.shape
    one, other, mixed = (latents.value(text) for text in ("1", "2", "patch(1, 2, 1, 3, 0, 2)"))
    inside = torch.zeros(shape.rows, shape.columns, dtype=torch.bool)
    inside[1:3, :2] = True
    assert torch.equal(shape.grid(mixed), torch.where(inside, shape.grid(other), shape.grid(one)))
    assert torch.equal(shape.split(mixed)[1], shape.split(one)[1])
    assert torch.equal(latents.value("1"), one)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("12 -", "not an expression"),
        ("", "not an expression"),
        ("5-", "not an expression"),
        ("007", "not an expression"),
        ("(" * 900 + "1" + ")" * 900, "not an expression"),
        ("1" + "+1" * 2000, "an expression of 4001 characters"),
        ("1e9", "1e9|1000000000.0 is not a latent"),
        ("True", "True is not a latent"),
        ("seven", "seven is not a latent"),
        ("7 ** 2", "is not a latent"),
        ("7 if 1 else 2", "is not a latent"),
        ("mean(*[1, 2])", "is not a latent"),
        ("mean(1, key=2)", "is not a latent"),
        ("open('x')", "is not a latent"),
        ("(1).real", "is not a latent"),
        ("(lambda: 1)()", "is not a latent"),
        ("mean()", "a mean needs latents"),
        ("7 * (1 + 2) * 3", "7 \\* \\(1 \\+ 2\\) is not a number"),
        ("7 / 2 / (1 + 2)", "1 \\+ 2 is not a number"),
        ("slerp(1, 2)", "take two latents and a fraction"),
        ("axis(8)", "from 0 to 7"),
        ("sefa(-1)", "-1 is not a whole number"),
        ("axis(True)", "True is not a whole number"),
        ("axis(1, 2)", "from 0 to 7"),
        ("patch(1, 2, 0, 1)", "patch takes two latents"),
        ("patch(1, 2, 0, 99, 0, 1)", "rows and"),
        ("patch(1, 2, 1, 1, 0, 1)", "rows and"),
        ("9007199254740993", "seeds go up to"),
        ("7 / 0", "not finite"),
        ("1e400 * 7", "not finite"),
    ],
)
def test_what_is_no_expression_is_one_short_line(latents: Latents, text: str, why: str) -> None:
    with pytest.raises(MapganError, match=why) as caught:
        latents.value(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@given(st.text(alphabet="0123456789+-*/(),. meanslrpxifo_'[]", max_size=40))
def test_any_text_has_a_value_or_is_refused(latents: Latents, text: str) -> None:
    try:
        value = latents.value(text)
    except MapganError:
        return
    assert value.shape == (latents.shape.size,)
    assert value.isfinite().all()


def test_a_term_that_is_nested_too_deeply_is_one_line() -> None:
    with pytest.raises(MapganError, match="nested too deeply"):
        terms(f"7 + {1500 * '-'}7")


def test_a_number_that_no_float_holds_is_refused(latents: Latents) -> None:
    with pytest.raises(MapganError, match="not finite"):
        latents.value(f"1{400 * '0'} * 7")


def test_the_terms_of_a_sum() -> None:
    assert terms("12 - mean(7,31) + 0.5*3") == [
        Term("12", "+"), Term("mean(7, 31)", "-", ("7", "31")), Term("0.5 * 3", "+"),
    ]  # fmt: skip
    assert terms("-7") == [Term("7", "-")]
    assert terms("slerp(1, 2 - 3, 0.5)") == [Term("slerp(1, 2 - 3, 0.5)", "+")]
