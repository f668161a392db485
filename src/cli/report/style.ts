/** @file The report's style sheet: one column, light and dark, printable. */

/** Colours were chosen apart in lightness too, so that they differ in grey and for colour-blind readers. */
export const STYLE = `
:root { color-scheme: light dark;
  --page: #f6f6f4; --surface: #ffffff; --ink: #17191e; --soft: #5c6370; --grid: #e5e6ea; --edge: #dcdee3;
  --main: #2f6bd8; --reference: #b9bec8; --second: #d97f1e; --third: #3f9c78; --whisker: #17191e;
  --good: #17794a; --good-wash: #e3f3ea; --bad: #b3392c; --bad-wash: #fae8e5; --mid: #8a5a00; --mid-wash: #fbf0d9; }
@media (prefers-color-scheme: dark) { :root {
  --page: #101215; --surface: #191c21; --ink: #eceef2; --soft: #a1a8b4; --grid: #2a2e35; --edge: #2e333b;
  --main: #6b9ff5; --reference: #555c69; --second: #eda04c; --third: #5cc39b; --whisker: #eceef2;
  --good: #58c98f; --good-wash: #17301f; --bad: #f08a7c; --bad-wash: #3a1e1a; --mid: #e6b455; --mid-wash: #35290f; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 40px 24px 80px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.015em; }
h2 { font-size: 20px; margin: 48px 0 4px; letter-spacing: -0.01em; }
h3 { font-size: 15px; margin: 22px 0 6px; }
p { margin: 4px 0 14px; max-width: 72ch; } .card + p { margin-top: 10px; font-size: 14px; }
.soft, .faint { color: var(--soft); } .faint { fill: var(--soft); }
.card { background: var(--surface); border: 1px solid var(--edge); border-radius: 10px; padding: 20px 22px; overflow-x: auto; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(148px, 1fr)); gap: 12px; margin: 22px 0 0; }
.tile { background: var(--surface); border: 1px solid var(--edge); border-radius: 10px; padding: 14px 16px; }
.tile .name { color: var(--soft); font-size: 13px; }
.tile .number { font-size: 28px; font-weight: 650; letter-spacing: -0.02em; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile .more { color: var(--soft); font-size: 13px; }
.warning { background: var(--mid-wash); color: var(--mid); border-radius: 8px; padding: 10px 14px; margin: 14px 0; }
svg.chart { display: block; width: 100%; height: auto; min-width: 300px; font: 13px system-ui, sans-serif; }
svg.chart text { fill: var(--ink); font-variant-numeric: tabular-nums; } svg.chart .tick { fill: var(--soft); font-size: 11px; }
svg.chart .strong { font-weight: 650; } svg.chart .faint { fill: var(--soft); }
.card > svg.chart { min-width: 560px; }
.grid { stroke: var(--grid); stroke-width: 1; }
.bar.main { fill: var(--main); } .bar.reference { fill: var(--reference); } .bar.second { fill: var(--second); } .bar.third { fill: var(--third); }
.whisker { stroke: var(--whisker); stroke-width: 1.4; }
.line { fill: none; stroke: var(--main); stroke-width: 2; stroke-linejoin: round; } .dot { fill: var(--main); }
.line.recorded { stroke: var(--reference); stroke-width: 4; }
.raw { fill: none; stroke: var(--main); stroke-width: 1; opacity: 0.3; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: 13px; margin: 0 0 12px; padding: 0; list-style: none; }
.legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 7px; vertical-align: -1px; }
.key-main { background: var(--main); } .key-reference { background: var(--reference); }
.key-second { background: var(--second); } .key-third { background: var(--third); }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th { text-align: right; font-weight: 600; color: var(--soft); font-size: 13px; vertical-align: bottom; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } td:first-child { min-width: 11ch; } td { text-align: right; }
td small.mid { color: var(--mid); } table.pairs td:not(:last-child) { white-space: nowrap; } table.broken td, table.broken th { text-align: left; vertical-align: top; }
th, td { padding: 7px 10px; border-bottom: 1px solid var(--grid); } tr:last-child td { border-bottom: 0; }
tr.all td { font-weight: 650; } td small { display: block; color: var(--soft); font-weight: 400; font-size: 12px; white-space: nowrap; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 16px; }
.film { margin: 0; background: var(--surface); border: 1px solid var(--edge); border-radius: 10px; overflow: hidden; }
.film img { display: block; width: 100%; height: auto; background: var(--grid); }
.film figcaption { padding: 10px 14px 12px; font-size: 14px; } .film figcaption small { color: var(--soft); display: block; }
.badge { display: inline-block; border-radius: 99px; padding: 0 9px; font-size: 12px; font-weight: 600; float: right; margin-left: 8px; }
.badge.good { color: var(--good); background: var(--good-wash); } .badge.bad { color: var(--bad); background: var(--bad-wash); }
.badge.mid { color: var(--mid); background: var(--mid-wash); }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 18px 28px; }
.curve { margin: 0; } .curve figcaption { font-size: 14px; margin-bottom: 4px; }
pre { background: var(--page); border: 1px solid var(--edge); border-radius: 8px; padding: 12px 14px; overflow-x: auto; font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; margin: 6px 0; }
.card pre:first-child { margin-top: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 12px 0; font-size: 14px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
details { margin-top: 10px; } summary { cursor: pointer; font-size: 14px; }
footer { color: var(--soft); font-size: 13px; margin-top: 48px; }
@media (max-width: 560px) { main { padding: 24px 14px 60px; } h1 { font-size: 25px; } dl { grid-template-columns: 1fr; } dd { margin-bottom: 8px; } }
@media print { body { background: #fff; } .card, .tile, .film { break-inside: avoid; } }
`;
