"""What sources find: images by their addresses, before any of them is downloaded."""

from __future__ import annotations

from dataclasses import dataclass

from mapgan.collect.manifest import ManifestRow


@dataclass(frozen=True)
class FoundImage:
    """An image: the URLs to try, best first, and what its page says about it."""

    urls: tuple[str, ...]
    page: str = ""
    title: str = ""
    author: str = ""
    licence: str = ""

    def without_file(self, reason: str, refused: bool) -> ManifestRow:
        """The row of the manifest if the image failed, or was refused by its owner."""
        return ManifestRow(
            url=self.urls[0],
            page=self.page,
            title=self.title,
            status="refused" if refused else "failed",
            reason=reason,
        )
