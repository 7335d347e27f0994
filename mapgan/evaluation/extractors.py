"""Feature extractors: Inception as in the papers, or any network in an ONNX file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mapgan import files
from mapgan.errors import MapganError
from mapgan.evaluation.image_sets import Images, Pixels

BATCH = 16  # images
INSTALL = 'pip install "mapgan[metrics]"'


class ExtractorUnavailable(Exception):
    """The machine lacks something that the extractor needs; the text says what, and what to do."""


class Extractor(Protocol):
    """Computes features of images.

    Attributes:
        name: part of the name of each metric.
        digest: of the network.
        batch_size: images to pass at a time.
    """

    name: str
    digest: str
    batch_size: int

    def __call__(self, images: Pixels, /) -> Tensor:
        """`[B, H, W, 3]` uint8 to `[B, D]` float64."""


def open_extractor(setting: str, device: str = "cpu") -> Extractor:
    """The extractor that the setting `evaluate.extractor` names.

    Raises:
        ExtractorUnavailable: a package is not installed, or Inception's weights can neither be found nor fetched.
        MapganError: the file is missing or damaged, or its network does not take images.
    """
    if setting == "inception":
        return Inception(device)
    path = Path(setting)
    if not path.is_file():
        raise MapganError(f"evaluate.extractor: {path}: no such file", "say inception, or name an ONNX file")
    return Onnx(path)


def features(extractor: Extractor, images: Images, tick: Callable[[], None] = lambda: None) -> Tensor:
    """The features of all `images`, `[N, D]` float64, sorted, so that resampling does not depend on the order of
    images.
    """
    rows = []
    for start in range(0, len(images), extractor.batch_size):
        batch = np.array(images[start : start + extractor.batch_size])
        rows.append(extractor(batch))
        for _ in batch:
            tick()
    found = torch.cat(rows)
    return found[torch.from_numpy(np.lexsort(found.T.numpy()[::-1]))]


class Onnx:
    """A network in an ONNX file that takes RGB in [0, 1], `[N, 3, H, W]` or `[N, H, W, 3]`.

    Its first output, flattened, holds the features. Images are resized if the file has a fixed size.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise ExtractorUnavailable(f"onnxruntime, which reads {path.name}, is not installed; {INSTALL}") from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        try:
            self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions have no common base class
            reason = str(error).splitlines()[0]
            raise MapganError(f"evaluate.extractor: {path}: not an ONNX file, or damaged ({reason})") from None
        self.name, self.digest = path.name, files.sha256_file(path)
        inputs = self.session.get_inputs()
        self.input, shape = inputs[0].name, list(inputs[0].shape)
        self.channels_last = len(shape) == 4 and shape[3] == 3 and shape[1] != 3
        if len(inputs) > 1 or inputs[0].type != "tensor(float)" or len(shape) != 4 or 3 not in (shape[1], shape[3]):
            raise MapganError(
                f"evaluate.extractor: {path}: takes {inputs[0].type} {shape}",
                "it should take one float tensor [N, 3, H, W] of RGB in [0, 1]",
            )
        self.batch_size = 1 if isinstance(shape[0], int) else BATCH
        size = shape[1:3] if self.channels_last else shape[2:]
        self.size = (size[0], size[1]) if all(isinstance(side, int) for side in size) else None

    def __call__(self, images: Pixels, /) -> Tensor:
        x = torch.from_numpy(images).permute(0, 3, 1, 2).float().div(255)
        if self.size and self.size != tuple(x.shape[2:]):
            x = F.interpolate(x, self.size, mode="bilinear", antialias=True, align_corners=False)
        if self.channels_last:
            x = x.permute(0, 2, 3, 1)
        found: Any = self.session.run(None, {self.input: x.contiguous().numpy()})[0]
        return torch.from_numpy(np.asarray(found, np.float64).reshape(len(images), -1))


class Inception:
    """Inception v3 with the weights that FID and KID were defined with, from torch-fidelity: 2048 pooled features."""

    name = "inception-v3"
    batch_size = BATCH

    def __init__(self, device: str) -> None:
        try:
            from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        except ImportError:
            raise ExtractorUnavailable(f"torch-fidelity, which has Inception, is not installed; {INSTALL}") from None
        try:
            network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])
        except (OSError, RuntimeError) as error:  # no network, a full disk, or a broken download
            reason = str(error).splitlines()[0]
            raise ExtractorUnavailable(
                f"Inception's weights could not be fetched ({reason}); try again with a network, or name an ONNX file"
            ) from None
        self.network, self.device, self.digest = network.eval().to(device), device, "torch-fidelity 2048"

    @torch.no_grad()
    def __call__(self, images: Pixels, /) -> Tensor:
        x = torch.from_numpy(images).permute(0, 3, 1, 2).to(self.device)
        found: Tensor = self.network(x)[0]
        return found.double().cpu()
