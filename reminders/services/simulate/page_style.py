"""The style of the page, light and dark."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --page: #f6f6f3; --card: #fff; --ink: #17171a; --soft: #5d5d63;
  --line: #e3e2de; --own: #2a6fd0; --other: #a3a19a; --c1: #2a6fd0; --c2: #1a9f74; --c3: #e39a12;
  --c4: #b0499c; --c5: #6a5acd; --note: #fdf3dc; --note-line: #e3b75a; }
@media (prefers-color-scheme: dark) { :root { --page: #131315; --card: #1c1c1f; --ink: #ececee;
  --soft: #a2a2a9; --line: #323237; --own: #5a9bf0; --other: #77767c; --c1: #5a9bf0; --c2: #35bf92;
  --c3: #d99a2b; --c4: #d47bc3; --c5: #9a8df0; --note: #2c2616; --note-line: #8a6a22; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 28px 16px 56px; }
h1 { font-size: 26px; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 17px; margin: 0 0 10px; }
h3 { font-size: 13px; margin: 16px 0 4px; color: var(--soft); font-weight: 600; }
p { margin: 4px 0; color: var(--soft); }
.note { background: var(--note); border-left: 3px solid var(--note-line); color: var(--ink);
  padding: 8px 12px; border-radius: 0 6px 6px 0; margin-top: 10px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 18px 20px; margin-top: 16px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 18px; }
.tiles span, .tiles small { display: block; color: var(--soft); font-size: 13px; }
.tiles b { font-size: 27px; font-weight: 650; letter-spacing: -0.02em; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
svg .name, svg .tick { text-anchor: end; } svg .day { text-anchor: middle; }
svg .value { fill: var(--ink); font-size: 11px; }
.grid { stroke: var(--line); stroke-width: 1; }
.own { fill: var(--own); background: var(--own); }
.other { fill: var(--other); background: var(--other); }
.c1 { fill: var(--c1); background: var(--c1); } .c2 { fill: var(--c2); background: var(--c2); }
.c3 { fill: var(--c3); background: var(--c3); } .c4 { fill: var(--c4); background: var(--c4); }
.c5 { fill: var(--c5); background: var(--c5); }
.mark, .swatch.mark { fill: var(--ink); background: var(--ink); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 8px; font-size: 13px; }
.swatch { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 6px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px;
  font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
details { margin-top: 10px; } summary { cursor: pointer; color: var(--soft); }
details p { overflow-wrap: anywhere; font-size: 13px; }
"""
