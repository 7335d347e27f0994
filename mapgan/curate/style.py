"""How the report looks: light or dark as the reader's system is, and no font from outside."""

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
