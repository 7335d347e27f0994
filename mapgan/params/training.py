"""Settings of training, evaluation and sampling, and of the machine that does it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from mapgan.params.networks import NetworkName, Networks
from mapgan.params.parsing import parse_seeds, parse_sheet, parse_size
from mapgan.params.section import Count, Fraction, Rate, Section

MIN_SIZE, MAX_SIZE = 16, 16384  # pixels along a side
Beta = Annotated[float, Field(ge=0, lt=1)]


class Watch(Section):
    """When training goes wrong: what counts as trouble, and what to do then."""

    policy: Literal["warn", "stop", "roll-back"] = "warn"
    """warn (a line in the log), stop (with an error), roll-back (to the last good snapshot, with lower learning
    rates)"""

    roll_backs: Annotated[int, Field(ge=0, le=100)] = 3
    """roll-backs at most; the next trouble after them stops the run"""

    roll_back_lr_factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """what the learning rates are multiplied with at each roll-back"""

    window: Count = 10
    """rows of the metrics over which `discriminator won` and `generator saturated` must hold"""

    discriminator_won: Annotated[float, Field(gt=0.5, le=1)] = 0.995
    """share of images (or pairs) that D judges rightly, at and above which it has won"""

    generator_saturated: Annotated[float, Field(gt=0, le=1)] = 0.4
    """share of values near -1 or 1 in generated images, beyond that in real ones, above which G is saturated"""

    collapsed: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """how much the images of a snapshot differ, as a share of how much real ones do, below which G has collapsed"""


class Train(Section):
    """How the networks learn."""

    network: NetworkName = "dcgan-modern"
    """mlp (fully connected, for digits), dcgan (the classic), mapmaker (the first map maker's),
    dcgan-modern (for maps)"""

    steps: Count = 1600
    """optimizer steps of the generator; raise it to make a finished run longer"""

    batch_size: Count = 32
    """images that one optimizer step sees, whatever the number of processes and micro-batches"""

    ghost_batch: Annotated[int, Field(ge=0)] = 0
    """images that share batch statistics in networks with batch normalisation (0: the whole batch)"""

    loss: Literal["saturating", "non-saturating", "least-squares", "hinge", "wasserstein", "relativistic"] = (
        "relativistic"
    )
    """saturating (the first paper's), non-saturating (the classic), least-squares, hinge, wasserstein (with
    `penalty_kind: wgan-gp` it is WGAN-GP), relativistic (pairs of a real and a fake)"""

    real_label: Annotated[float, Field(gt=0.5, le=1)] = 0.9
    """what D should say of real images instead of 1 (saturating, non-saturating and least-squares losses)"""

    label_flip: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """share of images that D is told the opposite of (with the relativistic loss: of pairs)"""

    discriminator_steps: Count = 1
    """steps of the discriminator for each step of the generator, each on images of its own"""

    discriminator_passes: Literal["joint", "separate"] = "joint"
    """how D learns from a batch: real and fake images together, or apart, one backward pass after the other, in half
    the memory (not with the relativistic loss, which compares them)"""

    penalty: Annotated[float, Field(ge=0)] = 0.02
    """weight of the penalty on D's slope (0: none): gamma of gamma / 2 times its square (R1, R2), lambda of WGAN-GP"""

    penalty_kind: Literal["finite-difference", "autograd", "wgan-gp"] = "finite-difference"
    """difference (the slope's square by a finite difference: cheap, and can be compiled), exact (by a second
    derivative), interpolates (how far the slope between real and fake images is from 1: WGAN-GP, with a weight of 10)
    """

    penalty_at: Literal["both", "real", "fake"] = "both"
    """images where the slope's square is held down: both (R1 and R2), real (R1), fake (R2)"""

    penalty_every: Count = 5
    """measure the penalty at every so many of D's steps, and weigh it so many times more (lazy regularisation)"""

    penalty_sigma: Annotated[float, Field(gt=0, le=1)] = 0.03
    """step of the finite difference that measures the slope, in units of pixel values in [-1, 1]"""

    generator_lr: Rate = 1e-3
    """learning rate of the generator (Adam)"""

    discriminator_lr: Rate = 1e-3
    """learning rate of the discriminator (Adam)"""

    beta1: Beta = 0.0
    """Adam's decay of the mean"""

    beta2: Beta = 0.99
    """Adam's decay of the mean square"""

    discriminator_betas: Annotated[list[Beta], Field(max_length=2)] = []
    """beta1 and beta2 of the discriminator, where they shall be others than the generator's (empty: the same)"""

    ema: Annotated[float, Field(ge=0, lt=1)] = 0.998
    """decay of the moving average of the generator's weights, which draws the images"""

    instance_noise: Annotated[float, Field(ge=0, le=2)] = 0.0
    """standard deviation of the noise on D's images at the start, in units of [-1, 1]"""

    instance_noise_steps: Count = 1000
    """steps over which the instance noise falls to nothing"""

    mirror: bool = True
    """show real images mirrored as well"""

    rot90: bool = True
    """show real images turned by quarters as well (half turns where they are not square)"""

    augment: list[Literal["color", "translation", "cutout", "flip", "rot90"]] = ["translation", "cutout"]
    """ways to change all images before D sees them, in this order: colour, translation, cut-out, flip, turn (by
    quarters, or halves where they are not square); against overfitting on few images (empty: none)"""

    augment_p: Fraction = 1.0
    """chance that each of them changes an image; with `augment_target` only the start, which is 0 in the paper"""

    augment_target: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """adapt that chance to how much D overfits: raise it while the mean sign of D's logits on real images is above
    this, lower it below (0: do not adapt; 0.6 in the paper)"""

    augment_every: Count = 4
    """steps between two changes of the chance"""

    augment_images: Count = 500000
    """images within which the chance can go from 0 to 1; fewer for short runs"""

    precision: Literal["no", "tf32", "bf16", "fp16"] = "no"
    """mixed precision: no (float32 everywhere), tf32 (float32 with TF32 matrix products and convolutions; needs an
    NVIDIA GPU), bf16, fp16 (needs a GPU)"""

    log_every: Count = 10
    """steps between two rows of the metrics"""

    snapshot_every: Count = 250
    """steps between two snapshots of the same seeds"""

    snapshot_images: Annotated[int, Field(ge=1, le=256)] = 16
    """images in a snapshot"""

    evaluate_every: Annotated[int, Field(ge=0)] = 0
    """steps between two looks at how good the images are; the best generator is kept as best.safetensors (0: never,
    and the last is the best)"""

    evaluate_by: Literal["swd", "kid"] = "swd"
    """what is best: swd (sliced Wasserstein distance to held-out images), kid (KID by train.evaluate_extractor)"""

    evaluate_extractor: str = "inception"
    """whose features give the KID, as in evaluate.extractor"""

    evaluate_images: Annotated[int, Field(ge=2)] = 256
    """images to draw for it (at most as many as the hold-out has)"""

    init_from: str = ""
    """fine-tuning: a generator.safetensors to begin with, and the discriminator.safetensors beside it if there is one
    (empty: fresh weights); size, network and labels must be the same, and DVC only notices another path here"""

    continue_from: str = ""
    """go on from a saved state of an earlier run whose data or settings were others: a run's folder, a folder of states
    such as .mapgan, or a state's file (empty: start afresh); weights of G, D and EMA, Adam's moments, step count and
    augmentation strength are kept, so the networks must have the same shapes, and `steps` counts the whole"""

    watch: Watch = Watch()
    networks: Networks = Networks()

    @property
    def differentiates_twice(self) -> bool:
        """Whether D's gradients are themselves differentiated, which not every way to do a step can."""
        return self.penalty > 0 and self.penalty_kind != "finite-difference"


class Evaluate(Section):
    """Numbers that say how good the images are."""

    images: Annotated[int, Field(ge=2)] = 512
    """images to draw; as many as are held out are compared with those"""

    extractor: str = ""
    """whose features give FID, KID, precision, recall, density and coverage: inception (its weights are fetched
    once), or the path of an ONNX file that takes RGB in [0, 1] (empty: none of these numbers)"""

    patches: Count = 128
    """7x7 patches of each image and level of the pyramid"""

    directions: Count = 512
    """random directions of the sliced Wasserstein distance"""


def _as_text(label: object) -> object:
    """The label `7`, which YAML takes for a number, as the text that it is; anything else as it stands."""
    return str(label) if type(label) is int else label


def _is_seeds(text: str) -> str:
    parse_seeds(text)
    return text


def _is_sheet(text: str) -> str:
    parse_sheet(text)
    return text


def _is_size(text: str) -> str:
    if text and not all(MIN_SIZE <= side <= MAX_SIZE for side in parse_size(text)):
        raise ValueError(f"not a size that can be drawn; allowed: {MIN_SIZE} to {MAX_SIZE} pixels each way")
    return text


class Sample(Section):
    """What is drawn at the end."""

    seeds: Annotated[str, AfterValidator(_is_seeds)] = "0-35"
    """seeds to draw: numbers and ranges, separated by commas"""

    sheet: Annotated[str, AfterValidator(_is_sheet)] = "6x6"
    """columns x rows of a sheet"""

    zoom: Annotated[int, Field(ge=1, le=16)] = 3
    """each pixel of a sheet's images is drawn so large"""

    singles: bool = True
    """also write each image on its own"""

    label: Annotated[str, BeforeValidator(_as_text)] = ""
    """label to draw, where the generator was trained with labels (dataset.condition); several, separated by commas,
    take turns from seed to seed (empty: all do)"""

    size: Annotated[str, AfterValidator(_is_size)] = ""
    """pixels of each image, such as 3000x1800, where the generator's latent is spatial (empty: as it was trained)"""

    seamless: bool = False
    """draw images that go on at their other side, where the generator's latent is spatial"""


class Machine(Section):
    """What this computer is. Changes speed, never the result; neither tracked nor fingerprinted."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """auto (a GPU where there is one), cpu, cuda, mps"""

    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    """CPU threads (0: one per core); float sums depend on it in the last bits"""

    memory_gib: Annotated[float, Field(ge=0, le=4096)] = 0.0
    """memory of the card, GiB; 24 for a 24 GB card (0: what the device has)"""

    workers: Annotated[int, Field(ge=0, le=1024)] = 0
    """threads that decode and read images (0: one per core)"""

    micro_batch: Annotated[int, Field(ge=0)] = 0
    """images in memory at a time, at most, for each process (0: as many as fit)"""

    checkpointing: Literal["auto", "none", "high", "all"] = "auto"
    """recompute activations instead of keeping them: auto (as little as fits), none, high (the blocks at high
    resolution), all"""

    compile: bool = False
    """compile the networks (torch.compile): minutes at the start, faster steps after"""

    save_minutes: Annotated[float, Field(ge=0)] = 1.0
    """minutes between two saved states (0: after each step)"""

    save_every: Annotated[int, Field(ge=0)] = 0
    """steps between two saved states, beside those by the clock (0: only by the clock)"""

    keep_checkpoints: Annotated[int, Field(ge=1, le=1000)] = 2
    """states of a run that are kept"""

    trackers: list[Literal["tensorboard", "wandb", "mlflow"]] = []
    """programs that also get the metrics, through Accelerate: tensorboard, wandb, mlflow (each to be installed)"""

    deterministic: bool = False
    """the same bits every time on a GPU too, at some cost in speed"""
