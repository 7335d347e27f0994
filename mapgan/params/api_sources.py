"""Settings of the sources that are asked through an API: `scrape.commons`, `wordpress` and `map-of-the-week`."""

from __future__ import annotations

from typing import Literal

from mapgan.params.section import Count, Section


class Commons(Section):
    """`source: commons`: files of Wikimedia Commons. Needs `scrape.download.contact`."""

    categories: list[str] = []
    """names of categories, such as `Dungeon maps`; those below them are not included"""

    search: list[str] = []
    """searches, as in the search box of the site: `battle map`, or `deepcat:"Dungeon maps"` for a category with those
    below it"""

    licences: list[str] = ["CC0", "Public domain", "CC BY", "CC BY-SA"]
    """licences that you accept, by the names that the site gives them; without a version, all versions"""

    width: Literal[250, 330, 500, 960, 1280, 1920, 3840] = 1920
    """width of the images, pixels; smaller ones come as they are"""

    max_images: Count = 2000
    """maximum number of images"""

    api: str = "https://commons.wikimedia.org/w/api.php"
    """address of the API; other sites with MediaWiki have one, too"""


class WordPress(Section):
    """`source: wordpress`: images of WordPress sites, through their REST API."""

    urls: list[str] = []
    """URLs of sites, or of a part of their API, such as https://example.org/wp-json/wp/v2/posts?categories=12"""

    content: Literal["posts", "media"] = "posts"
    """of a site: posts (the images in its posts), media (its whole library)"""

    max_pages: Count = 200
    """maximum number of answers; each lists 100 posts or files"""

    max_images: Count = 2000
    """maximum number of images"""


class MapOfTheWeek(Section):
    """`source: map-of-the-week`: maps that Wizards of the Coast published until 2008, from a web archive."""

    accept_rights: bool = False
    """true: you know that all rights to these maps are reserved, and answer for what you do with them"""

    dpi: Literal[72, 150, 300] = 72
    """of the copies of a map, the smallest with at least this many dots per inch is taken, or else the largest"""

    pages: list[str] = ["archive.wizards.com/default.asp?x=dnd/mwa/archiveall"]
    """pages that list the maps"""

    folders: list[str] = ["archive.wizards.com/dnd/images/mapofweek/", "www.wizards.com/dnd/images/mapofweek/"]
    """where the images were; one is looked up in all of them"""

    max_images: Count = 2000
    """maximum number of images"""

    archive: str = "https://web.archive.org"
    """the web archive"""
