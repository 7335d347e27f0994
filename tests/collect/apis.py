"""Small servers that answer as the APIs of MediaWiki, WordPress and a web archive are documented to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.collect.conftest import Reply, Site, image_bytes

Query = dict[str, list[str]]


class Computed(dict[str, list[Reply]]):
    """Replies by path, and otherwise what `answer` gives for path and query; None for 404."""

    def __init__(self, answer: Callable[[str, Query], Reply | None]) -> None:
        self.answer = answer

    def get(self, target, default=None):
        parts = urlsplit(target)
        reply = self.answer(unquote(parts.path), parse_qs(parts.query, keep_blank_values=True))
        return super().get(target) or ([reply] if reply else default)


def as_json(data, **headers) -> Reply:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return Reply(body, "application/json; charset=utf-8", headers={k.replace("_", "-"): v for k, v in headers.items()})


class Wiki:
    """Wikimedia Commons: `add` a file, then ask `/w/api.php`.

    Attributes:
        batch: files per answer, if it is less than what was asked for.
        halves: give the information of a file only in the second answer of its batch.
        lags: seconds of lag of the next answers.
    """

    def __init__(self, site: Site) -> None:
        self.site, self.files, self.categories = site, {}, {}
        self.batch, self.halves, self.lags = 500, False, []
        site.replies = Computed(self.answer)
        site.put("/robots.txt", Reply(b"User-agent: *\nAllow: /w/load.php?\nDisallow: /w/\nDisallow: /wiki/Special:"))

    @property
    def api(self) -> str:
        return f"{self.site.url}/w/api.php"

    def add(self, name, *categories, licence="CC BY-SA 4.0", width=4000, mime="image/jpeg", **metadata) -> None:
        values = {"ObjectName": name.rpartition(".")[0], "Artist": "Ann", "License": licence.lower().replace(" ", "-")}
        values |= {"LicenseShortName": licence} | metadata
        self.files[f"File:{name}"] = {
            "width": width,
            "mime": mime,
            "sha1": hashlib.sha1(name.encode()).hexdigest(),
            "extmetadata": {key: {"value": value, "source": "commons-desc-page"} for key, value in values.items()},
        }
        for category in categories:
            self.categories.setdefault(f"Category:{category}", []).append(f"File:{name}")

    def answer(self, path: str, query: Query) -> Reply | None:
        if path == "/w/api.php":
            return self.api_answer({name: values[0] for name, values in query.items()})
        if path.startswith("/wikipedia/commons/"):
            seed = int(hashlib.sha1(path.split("/")[-2].encode()).hexdigest()[:4], 16)
            return Reply(image_bytes(seed), "image/png")
        return None

    def api_answer(self, query: dict[str, str]) -> Reply:
        assert query["action"] == "query"
        assert (query["format"], query["formatversion"], query["maxlag"]) == ("json", "2", "5")
        if self.lags:
            lag = self.lags.pop(0)
            error = {"code": "maxlag", "info": f"Waiting for 10.64.0.1: {lag} seconds lagged.", "lag": lag}
            return as_json({"error": error}, Retry_After=str(lag), X_Database_Lag=str(lag))
        if query["generator"] == "categorymembers":
            assert query["gcmtype"] == "file"
            titles, marker = self.categories.get(query["gcmtitle"], []), "gcmcontinue"
        else:
            assert query["gsrnamespace"] == "6"
            titles = [title for title in self.files if query["gsrsearch"].lower() in title.lower()]
            marker = "gsroffset"
        start = int(query.get(marker, "0").removeprefix("file|"))
        end = start + min(int(query[marker[:3] + "limit"]), self.batch)
        only_titles = self.halves and "iicontinue" not in query
        pages = [self.page(title, query, only_titles) for title in titles[start:end]]
        data = {"query": {"pages": pages}} if pages else {}
        if only_titles and pages:
            data["continue"] = {"iicontinue": "Half|1", "continue": "||"} | ({marker: query[marker]} if start else {})
        else:
            data["batchcomplete"] = True
            if end < len(titles):
                data["continue"] = {marker: f"file|{end}" if marker[0:3] == "gcm" else end, "continue": f"{marker}||"}
        return as_json(data)

    def page(self, title: str, query: dict[str, str], only_title: bool) -> dict:
        page = {"pageid": 1 + list(self.files).index(title), "ns": 6, "title": title}
        if only_title:
            return page
        file, name = self.files[title], quote(title.removeprefix("File:").replace(" ", "_"))
        base, width = f"{self.site.url}/wikipedia/commons", int(query["iiurlwidth"])
        scaled = f"{base}/thumb/a/ab/{name}/{width}px-{name}" + (".png" if name.endswith(".svg") else "")
        wanted = query["iiextmetadatafilter"].split("|")
        info = {
            "thumburl": scaled if width < file["width"] else f"{base}/a/ab/{name}",
            "thumbwidth": min(width, file["width"]),
            "url": f"{base}/a/ab/{name}",
            "descriptionurl": f"{self.site.url}/wiki/{quote(title.replace(' ', '_'))}",
            "sha1": file["sha1"],
            "mime": file["mime"],
            "extmetadata": {key: value for key, value in file["extmetadata"].items() if key in wanted},
        }
        return page | {"imagerepository": "local", "imageinfo": [info]}


class Blog:
    """A WordPress site: `posts` and `media` are lists of items, given in pages of `size`."""

    def __init__(self, site: Site, size: int = 2) -> None:
        self.site, self.size = site, size
        self.lists: dict[str, list[dict]] = {"posts": [], "media": []}
        self.hidden: set[int] = set()
        """pages that are empty, as all on them is not public"""
        site.replies = Computed(self.answer)
        site.put("/", Reply(b"<html><head><title>Maps</title></head></html>"))

    def post(self, name: str, html: str, author: str = "Dyson") -> None:
        item = {"link": f"{self.site.url}/{name}/", "title": {"rendered": f"The {name} &#8211; a map"}}
        item |= {
            "content": {"rendered": html, "protected": False},
            "_embedded": {"author": [{"id": 1, "name": author}]},
        }
        self.lists["posts"].append(item)

    def file(self, name: str, mime: str = "image/png", **details) -> None:
        item = {"link": f"{self.site.url}/{name}/", "title": {"rendered": name.partition(".")[0]}, "mime_type": mime}
        item |= {"source_url": f"{self.site.url}/wp-content/uploads/{name}", "media_details": details}
        self.lists["media"].append(item)

    def answer(self, path: str, query: Query) -> Reply | None:
        if path.startswith("/wp-content/uploads/"):
            return Reply(image_bytes(sum(path.encode())), "image/png")
        kind = (query["rest_route"][0] if "rest_route" in query else path).rpartition("/wp/v2/")[2]
        if kind not in self.lists:
            return None
        assert query["per_page"] == ["100"]
        items, number = self.lists[kind], int(query["page"][0])
        pages = -(-len(items) // self.size)
        if number > max(pages, 1):
            error = {"code": "rest_post_invalid_page_number", "message": "...", "data": {"status": 400}}
            return Reply(json.dumps(error).encode(), "application/json", 400)
        shown = [] if number in self.hidden else items[(number - 1) * self.size : number * self.size]
        total = {"X_WP_Total": str(len(items)), "X_WP_TotalPages": str(pages), "X_Robots_Tag": "noindex"}
        return as_json(shown, **total)


class Archive:
    """A web archive: `captures` are (timestamp, original, MIME type, body), in the order of the index."""

    def __init__(self, site: Site) -> None:
        self.site, self.captures = site, []
        self.queries: list[Query] = []
        site.replies = Computed(self.answer)

    def keep(self, timestamp: str, original: str, mime: str, body: bytes) -> None:
        self.captures.append((timestamp, original, mime, body))

    def answer(self, path: str, query: Query) -> Reply | None:
        if path == "/cdx/search/cdx":
            self.queries.append(query)
            return as_json(self.index(query))
        if not path.startswith("/web/"):
            return None
        asked = path.removeprefix("/web/") + ("?" + "&".join(f"{k}={v[0]}" for k, v in query.items()) if query else "")
        for timestamp, original, mime, body in self.captures:
            if asked == f"{timestamp}id_/{original}":
                return Reply(body, mime)
        return None

    def index(self, query: Query) -> list[list[str]]:
        assert query["output"] == ["json"]
        assert "statuscode:200" in query["filter"]
        kind = query["filter"][1].removeprefix("mimetype:").removesuffix(".*")
        prefix = query.get("matchType") == ["prefix"]
        wanted, rows, seen = key(query["url"][0]), [], set()
        for timestamp, original, mime, _ in self.captures:
            matches = key(original).startswith(wanted) if prefix else key(original) == wanted
            if matches and mime.startswith(kind) and not ("collapse" in query and key(original) in seen):
                seen.add(key(original))
                rows.append([timestamp, original])
        rows = rows[int(query["limit"][0]) :] if "limit" in query else rows
        return [query["fl"][0].split(","), *rows] if rows else []


def key(url: str) -> str:
    """As the index sorts: without scheme, `www.` and port, in lower case."""
    return url.lower().removeprefix("http://").removeprefix("www.").replace(":80/", "/")
