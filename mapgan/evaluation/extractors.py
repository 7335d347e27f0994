"""From an image to a vector of features: by the Inception net of the papers, or by any network in an ONNX file."""

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
from mapgan.evaluation.image_sets import Images, Pixels, iterate

INSTALL = 'pip install "mapgan[metrics]"'


class ExtractorUnavailable(Exception):
    """This machine lacks what the extractor needs; the text says what, and what to do."""


class Extractor(Protocol):
    """Gives the features of one image. `name` stands in the name of every number; `digest` tells files apart."""

    name: str
    digest: str

    def __call__(self, image: Pixels, /) -> Tensor:
        """`[H, W, 3]` uint8 to `[D]` float64."""


def open_extractor(setting: str, device: str = "cpu") -> Extractor:
    """The extractor that `evaluate.extractor` names.

    Raises:
        NotHere: a package is not installed, or Inception's weights can neither be found nor fetched.
        MapganError: the file is missing, damaged, or of a kind that no image can be given to.
    """
    if setting == "inception":
        return Inception(device)
    path = Path(setting)
    if not path.is_file():
        raise MapganError(f"evaluate.extractor: {path}: no such file", "say inception, or name an ONNX file")
    return Onnx(path)


def features(extractor: Extractor, images: Images, tick: Callable[[], None] = lambda: None) -> Tensor:
    """The features of all `images`, `[N, D]` float64, in an order that only the features decide.

    An image at a time, because kernels round differently for different batches; and sorted, so that
    resampling finds the same rows whatever order the images came in.
    """
    rows = []
    for image in iterate(images):
        rows.append(extractor(image))
        tick()
    found = torch.stack(rows)
    return found[torch.from_numpy(np.lexsort(found.T.numpy()[::-1]))]


class Onnx:
    """A network in an ONNX file that takes RGB in [0, 1], `[N, 3, H, W]` or `[N, H, W, 3]`, and whose first output has
    a vector for each image. Images are brought to the size that the file asks for, if it asks for one."""

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
        except Exception as error:  # its exceptions have no base class of their own
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
        size = shape[1:3] if self.channels_last else shape[2:]
        self.size = (size[0], size[1]) if all(isinstance(side, int) for side in size) else None

    def __call__(self, image: Pixels, /) -> Tensor:
        x = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float().div(255)
        if self.size and self.size != tuple(x.shape[2:]):
            x = F.interpolate(x, self.size, mode="bilinear", antialias=True, align_corners=False)
        if self.channels_last:
            x = x.permute(0, 2, 3, 1)
        found: Any = self.session.run(None, {self.input: x.contiguous().numpy()})[0]
        return torch.from_numpy(np.asarray(found, np.float64).ravel())


class Inception:
    """Inception v3 as FID and KID were defined with, by torch-fidelity: 2048 pooled features."""

    name = "inception-v3"

    def __init__(self, device: str) -> None:
        try:
            from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        except ImportError:
            raise ExtractorUnavailable(f"torch-fidelity, which has Inception, is not installed; {INSTALL}") from None
        try:
            network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])
        except (OSError, RuntimeError) as error:  # no network, no room, or a broken download
            reason = str(error).splitlines()[0]
            raise ExtractorUnavailable(
                f"Inception's weights could not be fetched ({reason}); try again where the net is, or name an ONNX file"
            ) from None
        self.network, self.device, self.digest = network.eval().to(device), device, "torch-fidelity 2048"

    @torch.no_grad()
    def __call__(self, image: Pixels, /) -> Tensor:
        x = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].to(self.device)
        found: Tensor = self.network(x)[0][0]
        return found.double().cpu()
