"""Gets one image: from the store, or from the first of its addresses that gives it."""

from __future__ import annotations

from pathlib import Path

from mapgan import files
from mapgan.collect.addresses import RefusedError, UnavailableError
from mapgan.collect.client import Client, NotHereError
from mapgan.collect.found import FoundImage
from mapgan.collect.groups import group, stem_of
from mapgan.collect.header import Header, read_header
from mapgan.collect.manifest import ManifestRow
from mapgan.collect.picture_check import check_picture
from mapgan.collect.responses import TransientError, WrongTypeError
from mapgan.collect.store import Store, Stored

GONE = {404, 410}  # for good: the next URL stands for the image from now on
FORBIDDEN = 403  # perhaps not for good: the next URL is taken, but this one is tried again in the next run


class FetchingOne:
    """Copies images into `raw`, one at a time; threads may share it.

    Args:
        client: asks the hosts.
        store: what was downloaded before.
        raw: the folder for the images.
        group_pattern: as in the settings.
    """

    def __init__(self, client: Client, store: Store, raw: Path, group_pattern: str) -> None:
        self.client, self.store, self.raw, self.group_pattern = client, store, raw, group_pattern

    def fetch(self, image: FoundImage) -> tuple[ManifestRow, bool]:
        """The row of the manifest, and whether the image was downloaded in this run."""
        if image.digest and self.store.has(image.digest):
            return self._copy(Stored(image.urls[0], image.digest, self.store.image(image.digest)), image, None), False
        try:
            stored, header = self._first(image)
        except UnavailableError as error:
            return image.without_file(str(error), isinstance(error, RefusedError)), False
        if image.digest and stored.digest != image.digest:
            reason = f"changed since it was listed: its SHA-256 is {stored.digest} now"
            return image.without_file(reason, refused=False, drift=True), header is not None
        return self._copy(stored, image, header), header is not None

    def _first(self, image: FoundImage) -> tuple[Stored, Header | None]:
        """The image of the first URL that gives one, and its header if it was downloaded in this run.

        The next URL is tried only if the image is missing. After other errors it is not: a thumbnail, taken because the
        server was busy with the full image, would make the result differ from run to run.
        """
        errors: list[UnavailableError] = []
        for url in image.urls:
            if stored := self.store.get(url):
                header = None
            else:
                try:
                    stored, header = self._download(url, image.page)
                except UnavailableError as error:
                    errors.append(error)
                    if error.status in {*GONE, FORBIDDEN} or isinstance(error, (WrongTypeError, NotHereError)):
                        continue
                    break
            if errors and all(error.status in GONE for error in errors):
                self.store.note(image.urls[0], stored)
            return stored, header
        raise errors[0] if errors else UnavailableError("no URL")

    def _download(self, url: str, page: str) -> tuple[Stored, Header]:
        settings = self.client.settings
        with self.store.partial(url) as partial:
            try:
                self.client.fetch(url, partial, "image", int(settings.max_mib * 2**20), page)
                with partial.open() as content:
                    header = check_picture(content, settings.max_megapixels)
            except UnavailableError as error:
                if error.status and not isinstance(error, TransientError):  # more bytes would not make it better
                    partial.restart()
                raise
            return self.store.add(url, partial), header

    def _copy(self, stored: Stored, image: FoundImage, header: Header | None) -> ManifestRow:
        header = header or read_header(stored.path)
        name = f"{stored.digest}.{header.suffix}"
        files.link_or_copy(stored.path, self.raw / name)
        return ManifestRow(
            file=name,
            url=stored.url,
            page=image.page,
            title=image.title,
            author=image.author,
            licence=image.licence,
            mime=header.mime,
            bytes=stored.path.stat().st_size,
            width=header.width,
            height=header.height,
            group=group(stem_of(stored.url), self.group_pattern),
        )
