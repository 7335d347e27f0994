"""Settings of training and evaluation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mapgan.params.auto import AUTO, Decay, LearningRate, Penalty
from mapgan.params.networks import NetworkName, Networks
from mapgan.params.section import Count, Fraction, Section

Beta = Annotated[float, Field(ge=0, lt=1)]


class Watch(Section):
    """Failure modes of training: how they are recognized, and what to do."""

    policy: Literal["auto", "warn", "stop", "roll-back"] = "auto"
    """warn (log a line), stop (with an error), roll-back (to the last good snapshot, with lower learning rates), auto
    (roll-back from 256 pixels up, else warn)"""

    roll_backs: Annotated[int, Field(ge=0, le=100)] = 3
    """maximum number of roll-backs; the next trouble stops the run"""

    roll_back_lr_factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """factor for the learning rates at each roll-back"""

    window: Count = 10
    """rows of the metrics over which `discriminator_won` and `generator_saturated` are averaged"""

    discriminator_won: Annotated[float, Field(gt=0.5, le=1)] = 0.995
    """accuracy of D at or above which D has won"""

    generator_saturated: Annotated[float, Field(gt=0, le=1)] = 0.4
    """fraction of values near -1 or 1 in fake images, minus that in real ones, above which G is saturated"""

    unstable: Annotated[float, Field(gt=1)] = 100.0
    """gradient norm of D, as a multiple of its median so far, above which training is unstable"""

    collapsed: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """diversity of a snapshot, as a fraction of that of real images, below which G has collapsed"""


class Train(Section):
    """Training."""

    network: NetworkName = "dcgan-modern"
    """mlp (fully connected, for digits), dcgan (the classic), mapmaker (of the first map maker), dcgan-modern (for
    maps)"""

    steps: Count = 800
    """optimizer steps of the generator; raise it to continue a finished run"""

    batch_size: Count = 32
    """images per optimizer step, over all processes and micro-batches"""

    ghost_batch: Annotated[int, Field(ge=0)] = 0
    """images that share statistics in networks with batch normalization (0: the whole batch)"""

    loss: Literal["saturating", "non-saturating", "least-squares", "hinge", "wasserstein", "relativistic"] = (
        "relativistic"
    )
    """saturating (minimax), non-saturating (the classic), least-squares, hinge, wasserstein (WGAN-GP with
    `penalty_kind: wgan-gp`), relativistic (pairs of a real and a fake image)"""

    real_label: Annotated[float, Field(gt=0.5, le=1)] = 0.9
    """the discriminator's target for real images; below 1 is one-sided label smoothing (saturating, non-saturating and
    least-squares losses)"""

    label_flip: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """probability that D is trained with the opposite label (with the relativistic loss, for a pair)"""

    discriminator_steps: Count = 1
    """discriminator steps per generator step, each on a batch of its own"""

    discriminator_passes: Literal["joint", "separate"] = "joint"
    """backward passes of D per batch: joint (one for real and fake images), or separate (one each, in half the memory;
    not with the relativistic loss, which compares them)"""

    penalty: Penalty = AUTO
    """weight of the gradient penalty (0: none): gamma of R1 and R2, in gamma / 2 * ||grad D||^2, or lambda of WGAN-GP
    (auto: 0.0002 * width * height / batch size, or 10 for WGAN-GP)"""

    penalty_kind: Literal["auto", "finite-difference", "autograd", "wgan-gp"] = "auto"
    """finite-difference (R1 and R2 without second derivatives: cheap, and D can be compiled, but too inexact in bf16),
    autograd (R1 and R2 by double backpropagation), wgan-gp (a gradient norm of 1 between real and fake images), auto
    (autograd in bf16, else finite-difference)"""

    penalty_at: Literal["both", "real", "fake"] = "both"
    """images at which the gradient is penalized: both (R1 and R2), real (R1), fake (R2)"""

    penalty_every: Count = 5
    """apply the penalty in every n-th discriminator step, n times as strong (lazy regularization)"""

    penalty_sigma: Annotated[float, Field(gt=0, le=1)] = 0.03
    """standard deviation of the perturbation for the finite difference, in units of pixel values in [-1, 1]"""

    reconstruction: Annotated[float, Field(ge=0)] = 0.0
    """weight of the reconstruction loss, with which D also learns to rebuild real images from its last feature maps, at
    a quarter of their size, against overfitting on few images (0: none; 1 in FastGAN; only in dcgan-modern)"""

    generator_lr: LearningRate = AUTO
    """learning rate of the generator (Adam; auto: 0.001 at 64 x 64 pixels and a batch of 32, lower for larger images
    and smaller batches, but not below 0.0002)"""

    discriminator_lr: LearningRate = AUTO
    """learning rate of the discriminator (Adam; auto: the same)"""

    lr_warmup: Count = 50
    """steps over which the learning rates rise linearly to their values"""

    beta1: Beta = 0.0
    """decay of Adam's first moment"""

    beta2: Beta = 0.99
    """decay of Adam's second moment"""

    discriminator_betas: Annotated[list[Beta], Field(max_length=2)] = []
    """beta1 and beta2 of the discriminator (empty: the same)"""

    ema: Decay = AUTO
    """decay of the moving average of the generator's weights, with which images are generated (auto: a half-life of 312
    steps at the learning rate 0.001, and of more at lower ones)"""

    instance_noise: Annotated[float, Field(ge=0, le=2)] = 0.0
    """initial standard deviation of the noise added to D's inputs, in units of [-1, 1]"""

    instance_noise_steps: Count = 1000
    """steps over which the instance noise decreases linearly to 0"""

    mirror: bool = True
    """randomly mirror real images"""

    label_dropout: Fraction = 0.25
    """with a label for each square: probability that the labels of an image are hidden from both networks, so that maps
    can be drawn without a plan"""

    rot90: bool = True
    """randomly rotate real images by multiples of 90 degrees (of 180 if they are not square)"""

    augment: list[Literal["color", "translation", "cutout", "flip", "rot90"]] = ["translation", "cutout"]
    """augmentations of all inputs of D, in this order: color, translation, cutout, flip, rot90 (by 180 degrees if
    images are not square); against overfitting on few images (empty: none)"""

    augment_p: Fraction = 1.0
    """probability of each augmentation; with `augment_target` only the initial one, which is 0 in the paper"""

    augment_target: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """adaptive augmentation: raise the probability while the mean sign of D's logits for real images is above this, and
    lower it below (0: fixed probability; 0.6 in the paper)"""

    augment_every: Count = 4
    """steps between two changes of the probability"""

    augment_images: Count = 500000
    """number of images over which the probability can rise from 0 to 1; less for short runs"""

    precision: Literal["no", "tf32", "bf16", "fp16"] = "no"
    """precision: no (float32 everywhere), tf32 (float32 with TF32 matrix products and convolutions; needs an NVIDIA
    GPU), bf16 and fp16 (mixed precision; fp16 needs a GPU)"""

    log_every: Count = 10
    """steps between two rows of metrics"""

    snapshot_every: Count = 250
    """steps between two snapshots of the same seeds"""

    snapshot_images: Annotated[int, Field(ge=1, le=256)] = 16
    """images per snapshot"""

    evaluate_every: Annotated[int, Field(ge=0)] = 0
    """steps between two evaluations; the best generator is kept as best.safetensors (0: none, and the last one is the
    best)"""

    evaluate_by: Literal["swd", "kid"] = "swd"
    """score of the best generator: swd (sliced Wasserstein distance to held-out images), kid (KID by
    train.evaluate_extractor)"""

    evaluate_extractor: str = "inception"
    """network whose features KID is computed from, as evaluate.extractor"""

    evaluate_images: Annotated[int, Field(ge=2)] = 256
    """images to generate per evaluation (at most as many as are held out)"""

    init_from: str = ""
    """fine-tuning: a generator.safetensors to start from, with the discriminator.safetensors beside it if there is one
    (empty: random weights); network and labels must be the same, and the images no smaller: for twice the size, halve
    generator_channels and discriminator_channels, so that only the finest layers are new; DVC only notices when the
    path changes"""

    continue_from: str = ""
    """continue from a checkpoint of an earlier run with other data or settings: the folder of a run, a folder of
    checkpoints such as .mapgan, or a file (empty: start from scratch); weights of G, D and EMA, Adam's moments, step
    count and augmentation probability are kept, so the networks must have the same shapes, and `steps` counts the
    whole run"""

    watch: Watch = Watch()
    networks: Networks = Networks()

    @property
    def differentiates_twice(self) -> bool:
        """Whether gradients of D are differentiated again, which torch.compile and fp16 do not support."""
        return self.penalty > 0 and self.penalty_kind != "finite-difference"


class Evaluate(Section):
    """Evaluation of the generator."""

    images: Annotated[int, Field(ge=2)] = 512
    """images to generate; as many as are held out are compared with those"""

    extractor: str = ""
    """network whose features FID, KID, precision, recall, density and coverage are computed from: inception (its
    weights are downloaded once), or an ONNX file that takes RGB in [0, 1] (empty: none of these numbers)"""

    patches: Count = 128
    """7x7 patches per image and level of the pyramid, for the sliced Wasserstein distance"""

    directions: Count = 512
    """random directions of the sliced Wasserstein distance"""
