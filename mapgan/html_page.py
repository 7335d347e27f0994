"""Self-contained HTML pages: CSS, images as data URLs, and a policy that forbids everything else.

Colours are light or dark as in the reader's system; no font is loaded.
"""

from __future__ import annotations

import base64
import hashlib
import io
from html import escape

from PIL import Image

# Nothing may be loaded or run, should a title from the net ever get through unescaped.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

CSS = """\
:root { color-scheme: light dark; --ground: #f6f4ef; --card: #fff; --text: #24211c; --soft: #6d675d;
  --line: #e0dbd0; --accent: #3d6b58; --aside: #b0643a; }
@media (prefers-color-scheme: dark) { :root { --ground: #191816; --card: #232220; --text: #ebe7df;
  --soft: #a29b8e; --line: #37342f; --accent: #7fb89f; --aside: #d98d62; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 2.5rem 1.5rem 4rem; background: var(--ground);
  color: var(--text); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; letter-spacing: -.01em; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 .1rem; }
h2 small { color: var(--soft); font-weight: 400; }
p { margin: 0; color: var(--soft); max-width: 46rem; }
a { color: inherit; text-decoration-color: var(--line); text-underline-offset: 2px; }
a:hover { text-decoration-color: currentColor; }
table { border-collapse: collapse; margin: 1.4rem 0 0; width: 100%; max-width: 40rem; }
th, td { padding: .25rem .9rem .25rem 0; text-align: left; font-weight: 400; white-space: nowrap; }
td.count { text-align: right; font-variant-numeric: tabular-nums; }
td.bar { width: 100%; padding-right: 0; }
.bar i { display: block; height: .7rem; min-width: 2px; border-radius: 2px; background: var(--aside); }
.bar i.kept { background: var(--accent); }
.cards { display: grid; gap: .8rem; margin-top: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(168px, 1fr)); }
.cards.pairs { grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); }
figure { margin: 0; padding: .5rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; min-width: 0; }
.images { display: flex; gap: .5rem; }
.images > * { flex: 1 1 0; min-width: 0; height: 150px; border-radius: 4px; object-fit: contain;
  background: var(--ground); }
.images > .first { outline: 2px solid var(--accent); outline-offset: -2px; }
.none { display: grid; place-items: center; color: var(--soft); font-size: .85rem; }
figcaption { margin-top: .45rem; font-size: .82rem; line-height: 1.35; overflow-wrap: anywhere; }
figcaption span { display: block; color: var(--soft); }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
"""


def page(title: str, body: str, css: str = "", script: str = "") -> str:
    """A whole page.

    Args:
        title: plain text.
        body: HTML below the heading.
        css: rules after the common ones.
        script: the only one that the page's policy lets run, by its digest.
    """
    policy = POLICY
    if script:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy += f"; script-src 'sha256-{digest}'"
        body += f"<script>{script}</script>\n"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>mapgan: {escape(title)}</title>\n<style>\n{CSS}{css}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}</body>\n</html>\n"
    )


def data_url(image: Image.Image, kind: str, quality: int) -> str:
    """An image encoded as `kind`, JPEG or WEBP, for the `src` of an `img`."""
    stream = io.BytesIO()
    image.save(stream, kind, quality=quality)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(stream.getvalue()).decode()}"
