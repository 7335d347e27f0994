"""How the report looks: rules after the common ones of `html_page`."""

CSS = """\
:root { --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "Book Antiqua", Georgia, serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; --sunk: #edeae2; }
@media (prefers-color-scheme: dark) { :root { --sunk: #121110; } .paper img { filter: brightness(.88); } }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { max-width: 1020px; padding: 3.5rem 1.5rem 3rem; font-size: 16px; line-height: 1.6; overflow-wrap: break-word; }
h1 { font: 600 clamp(2.1rem, 6vw, 3.3rem)/1.1 var(--serif); letter-spacing: -.015em; margin: 0; }
h2 { font: 600 1.65rem/1.2 var(--serif); letter-spacing: -.01em; margin: 0 0 .5rem; }
h3 { font-size: 1rem; font-weight: 600; margin: 2.2rem 0 .3rem; }
section { margin-top: 4.2rem; scroll-margin-top: 1rem; }
p { max-width: 42rem; margin: 0 0 .7rem; }
p.lead { font: 1.15rem/1.55 var(--serif); margin-top: .8rem; }
figure { background: none; border: 0; border-radius: 0; padding: 0; }
figcaption { font-size: .85rem; color: var(--soft); margin-top: .4rem; }
img { display: block; width: 100%; height: auto; border-radius: 6px; }
img.pixels { image-rendering: pixelated; }
code { font: .86em/1.5 var(--mono); }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.3rem; margin-top: 1.6rem; font-size: .92rem; }
nav a { color: var(--soft); text-decoration: none; }
nav a:hover { color: var(--text); text-decoration: underline; }
.notice { border-left: 3px solid var(--aside); padding: .1rem 0 .1rem .9rem; margin-top: 1.4rem; color: var(--text); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: 1.2rem 1.4rem;
  margin: 2rem 0 0; padding: 1.2rem 0; border: solid var(--line); border-width: 1px 0; }
.facts div { min-width: 0; }
.facts dt { color: var(--soft); font-size: .82rem; }
.facts dd { margin: 0; font: 600 1.2rem/1.3 var(--serif); font-variant-numeric: lining-nums; }
.facts small { font: .74rem var(--serif); color: var(--soft); }
.hero { margin-top: 2rem; }
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: 1.1rem;
  margin-top: 1.1rem; }
.maps.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); }
.contact { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.6rem, 1fr)); gap: .45rem; margin: 1rem 0; }
.contact img { aspect-ratio: 1; object-fit: cover; border-radius: 4px; }
.contact.tiles { grid-template-columns: repeat(auto-fill, minmax(4.6rem, 1fr)); }
.paper { margin-top: 1rem; max-width: 38rem; }
.paper img { border: 1px solid var(--line); }
.pairs { overflow-x: auto; max-width: none; }
.pairs img { min-width: 38rem; max-width: 46rem; }
table { max-width: none; margin-top: 1rem; font-size: .92rem; }
th, td { white-space: normal; vertical-align: top; padding: .55rem 1.2rem .55rem 0; overflow-wrap: anywhere;
  border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-size: .82rem; padding-top: 0; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
td p, th p { font-size: .85rem; margin: .15rem 0 0; }
tr:last-child > * { border-bottom: 0; }
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 2rem 2.4rem;
  margin-top: 1.4rem; }
.curve figcaption { display: flex; flex-wrap: wrap; gap: .1rem 1rem; align-items: baseline; margin: 0; }
.curve strong { color: var(--text); font-size: .95rem; font-weight: 600; }
.curve p { font-size: .85rem; margin: .3rem 0 0; }
.key { display: inline !important; }
.key b { color: var(--text); font-weight: 600; font-variant-numeric: tabular-nums; }
.key i { display: inline-block; width: .7rem; height: .18rem; border-radius: 1px; vertical-align: .22rem;
  margin-right: .35rem; }
.plot { position: relative; height: 11rem; margin: .6rem 0 1.5rem 2.9rem; }
.plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: hidden; }
.plot path { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round; }
.plot .line { stroke-width: 2; }
.plot .faint { stroke-width: 1; opacity: .3; }
.plot .grid { stroke: var(--line); stroke-width: 1; }
.plot .mark { stroke: var(--aside); stroke-width: 1; stroke-dasharray: 3 3; }
.plot span { position: absolute; font-size: .74rem; line-height: 1; color: var(--soft);
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.plot .y { right: 100%; margin-right: .5rem; transform: translateY(-50%); }
.plot .x { top: 100%; margin-top: .5rem; transform: translateX(-50%); }
.plot .x:last-child { transform: translateX(-100%); }
.commands { margin: 1rem 0 0; max-width: none; }
.commands dt { color: var(--soft); font-size: .88rem; margin-top: .9rem; }
.commands dd { margin: .25rem 0 0; }
pre { margin: 0; padding: .6rem .8rem; background: var(--sunk); border-radius: 6px; overflow-x: auto;
  font: .84rem/1.5 var(--mono); user-select: all; }
.again { margin-top: 1.1rem; }
.again span { color: var(--soft); font-size: .85rem; display: block; margin-bottom: .25rem; }
details { margin-top: .8rem; }
summary { cursor: pointer; color: var(--soft); font-size: .92rem; }
footer { margin-top: 5rem; padding-top: 1.2rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
@media (max-width: 560px) {
  body { padding: 2rem 1.1rem 2rem; }
  section { margin-top: 3.2rem; }
  .contact { grid-template-columns: repeat(4, 1fr); }
  .contact.tiles { grid-template-columns: repeat(6, 1fr); }
  .stacked thead { display: none; }
  .stacked tr { display: block; padding: .7rem 0; border-bottom: 1px solid var(--line); }
  .stacked th, .stacked td { display: block; border: 0; padding: 0; text-align: left; }
  .stacked td[data-head] { display: inline-block; margin-right: 1.4rem; }
  .stacked td[data-head]::before { content: attr(data-head) " "; color: var(--soft); font-size: .85rem; }
}
@media print { body { max-width: none; } section { break-inside: avoid-page; } nav { display: none; } }
"""
