"""Settings of downloads, the same for all sources on the net."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mapgan.params.section import Fraction, Section


class Download(Section):
    """How hosts are asked, and how much is taken, whatever the source on the net."""

    delay: Annotated[float, Field(ge=0, le=3600)] = 1.0
    """seconds between two requests to the same host; more if its robots.txt asks for it, twice as long as it takes to
    answer if that is more, and more again while it answers 429 or 503 (0, for a site of your own: only the last)"""

    timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """seconds to wait for a response"""

    max_seconds: Annotated[float, Field(gt=0, le=86400)] = 300.0
    """seconds that a request may take, from connecting to the last byte"""

    retries: Annotated[int, Field(ge=0, le=20)] = 4
    """retries after a failed request, with exponential backoff"""

    max_redirects: Annotated[int, Field(ge=0, le=20)] = 5
    """redirects that a request follows"""

    max_retry_after: Annotated[float, Field(ge=0, le=86400)] = 120.0
    """seconds that a busy host may ask to wait (Retry-After); one that asks for more is not asked again in this run"""

    max_mib: Annotated[float, Field(gt=0, le=1024)] = 64.0
    """maximum size of an image file, MiB"""

    max_megapixels: Annotated[float, Field(gt=0, le=1000)] = 100.0
    """maximum size of an image, millions of pixels"""

    max_total_mib: Annotated[float, Field(gt=0)] = 20480.0
    """how much a scrape downloads, MiB of images; the rest is for the next one"""

    max_total_seconds: Annotated[float, Field(gt=0)] = 86400.0
    """how long a scrape downloads, seconds; the rest is for the next one"""

    max_failed: Fraction = 0.2
    """fraction of the pages and images that may fail; if more do, the scrape fails (exit code 3), and what was fetched
    is kept"""

    allow_fewer: bool = False
    """false (if images of the last scrape are missing, they are kept and the scrape fails), true (they are removed)"""

    allow_private: bool = False
    """whether names in `scrape.gallery.urls`, and the addresses of a list, may lead to private addresses, as in a home
    network (pages whose host is written as an address may)"""

    opt_outs: Literal["obey", "ignore"] = "obey"
    """what their site keeps from crawlers or from training by X-Robots-Tag, meta robots or TDM-Reservation (also in
    /.well-known/tdmrep.json): obey (leave
    it out), ignore (you have the owner's permission); robots.txt is always obeyed"""

    offline: bool = False
    """ask no host: all that an earlier scrape has seen comes from the cache, or the scrape fails"""

    contact: str = ""
    """your e-mail address or web page for the User-Agent, so that the owner of the site can reach you"""
