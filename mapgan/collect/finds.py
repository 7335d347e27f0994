"""What a source has found so far, on its way through the answers of an API."""

from __future__ import annotations

import sys

from mapgan.collect.addresses import UnavailableError
from mapgan.collect.found import Found, FoundImage
from mapgan.collect.manifest import ManifestRow, Status
from mapgan.errors import MapganError


class Finds:
    """Images by their best address, and rows by address for what is left out.

    Args:
        section: that of the source in `params.yaml`, for messages.
        max_images: more are not added.
    """

    def __init__(self, section: str, max_images: int) -> None:
        self.section, self.max_images = section, max_images
        self.images: dict[str, FoundImage] = {}
        self.left_out: dict[str, ManifestRow] = {}
        self.limits: set[str] = set()
        """names of the settings that have cut the search short"""

    def add(self, image: FoundImage) -> None:
        """Add an image, unless it is known or there are enough."""
        if image.urls[0] not in self.images and len(self.images) >= self.max_images:
            self.limit("max_images")
        else:
            self.images.setdefault(image.urls[0], image)

    def limit(self, setting: str) -> None:
        """Note that this setting has cut the search short."""
        self.limits.add(setting)

    @property
    def full(self) -> bool:
        """Whether there was another image than the last one that was wanted."""
        return "max_images" in self.limits

    def leave_out(self, image: FoundImage, reason: str, status: Status = "failed") -> None:
        """Note why an image is left out."""
        self.left_out.setdefault(image.urls[0], image.without_file(reason, status))

    def failed(self, image: FoundImage, error: UnavailableError) -> None:
        """Note why there is no answer at an address."""
        self.left_out.setdefault(image.urls[0], image.failed(error))

    def result(self, hint: str) -> Found:
        """All of it; `hint` is what to check if there is nothing.

        Raises:
            MapganError: there is no image.
        """
        rows = [row for url, row in self.left_out.items() if url not in self.images]
        failed = [row for row in rows if row.status == "failed"]
        if not self.images:
            first = next(iter(failed or rows), None)
            reason = f"{self.section}: no images found"
            raise MapganError(reason, f"{first.title or first.url}: {first.reason}" if first else hint)
        for setting in sorted(self.limits):
            print(f"mapgan: {self.section}.{setting} reached, there is more; raise it for all", file=sys.stderr)
        return Found(list(self.images.values()), rows, cut=bool(self.limits) and not failed)
