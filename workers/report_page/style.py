"""How a page looks: in light and dark, from a phone's width on, with system fonts.

The two colours that tell student and teacher apart are Okabe and Ito's blue and vermilion (orange
on dark ground), which people with any colour vision can tell apart; their shapes differ too.
"""

STYLE = """
:root { color-scheme: light dark; --ground: #fff; --panel: #f5f7f9; --ink: #1a2027;
  --faint: #57626d; --rule: #d5dce3; --student: #0072b2; --teacher: #c4510a; --trial: #8e99a5; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #10151a; --panel: #181f26; --ink: #e6eaee; --faint: #9ba8b4; --rule: #2e3841;
    --student: #56b4e9; --teacher: #f0a04b; --trial: #6d7a87; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 2rem; line-height: 1.15; margin: 0 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 48px 0 4px; padding-top: 16px; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 0; }
p { margin: 4px 0 12px; max-width: 72ch; }
.eyebrow, .note, figcaption p, summary { color: var(--faint); font-size: .875rem; }
.together { white-space: nowrap; }
.lead { font-size: 1.125rem; overflow-wrap: anywhere; }
.tiles { display: grid; gap: 12px; margin: 20px 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 200px), 1fr)); }
.tile { background: var(--panel); border-radius: 10px; padding: 14px 16px; }
.tile b { display: block; font-size: 1.9rem; line-height: 1.15; }
.tile span { color: var(--faint); font-size: .875rem; }
.charts { display: grid; gap: 28px 36px; margin-top: 16px; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
figure { margin: 0; min-width: 0; } figure.wide { max-width: 620px; }
.stack { display: grid; gap: 28px; min-width: 0; }
figcaption p { margin: 2px 0 6px; }
svg { display: block; width: 100%; height: auto; }
.scrolled { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9375rem; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--rule); text-align: left;
  vertical-align: top; font-weight: 400; }
.sides td, .sides thead th { text-align: right; padding-left: 14px; white-space: nowrap; }
.sides thead th { color: var(--faint); }
.sides td:nth-child(3) { font-weight: 600; }
.pairs td, .facts td { overflow-wrap: anywhere; } .facts { width: 100%; }
.facts th { color: var(--faint); width: 12rem; }
.key { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 6px 0 0; padding: 0; list-style: none;
  color: var(--faint); font-size: .8125rem; }
.key li { display: flex; align-items: center; gap: 6px; } .key svg { width: 18px; height: 12px; }
text { font-size: 12px; fill: var(--faint); unicode-bidi: isolate; }
.small { font-size: 11px; } .label { fill: var(--ink); } .gone { font-style: italic; }
.grid { stroke: var(--rule); stroke-width: 1; fill: none; }
.axis { stroke: var(--faint); stroke-width: 1; fill: none; }
.frame { fill: none; stroke: var(--rule); }
.student { fill: var(--student); stroke: var(--ground); stroke-width: 1.5; }
.teacher { fill: var(--teacher); stroke: var(--ground); stroke-width: 1; }
.trial { fill: var(--trial); fill-opacity: .75; }
.trial.reused { fill: var(--ground); stroke: var(--trial); stroke-width: 1.5; }
.many { stroke: var(--trial); stroke-width: 4; stroke-linecap: round; stroke-opacity: .5; }
.best, .curve-student { fill: none; stroke: var(--student); stroke-width: 2; }
.curve { fill: none; stroke: var(--trial); stroke-width: 1; stroke-opacity: .55; }
.turn, .ideal { fill: none; stroke: var(--faint); stroke-dasharray: 3 4; }
.limit { stroke: var(--teacher); stroke-width: 1.5; stroke-dasharray: 6 3; }
.beyond { fill: var(--teacher); fill-opacity: .07; }
.bond { stroke: var(--trial); stroke-width: 2; }
.bar-teacher { fill: var(--teacher); fill-opacity: .22; stroke: var(--teacher); }
.bar-student { fill: var(--student); }
.bar-gone { fill: none; stroke: var(--teacher); stroke-dasharray: 3 3; stroke-opacity: .8; }
.skip { fill: none; stroke: var(--student); stroke-width: 1.5; }
.bin { fill: var(--student); fill-opacity: .65; } .few { opacity: .35; }
.right { fill: var(--student); } .wrong { fill: var(--teacher); }
.cell { fill: var(--ink); font-size: 12px; } .cell.dark { fill: var(--ground); }
@media (max-width: 480px) {  /* pictures are drawn smaller there, so their letters are larger */
  text { font-size: 14px; } .wide text, .small, .cell { font-size: 13px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); } .tile { padding: 12px; }
  th, td { padding-right: 6px; } .sides td, .sides thead th { padding-left: 6px; }
  .sides { font-size: .8125rem; } .sides td:last-child { white-space: normal; }
  .facts th { width: 7rem; } }
@media print { main { padding: 0; } figure, tr { break-inside: avoid; } }
"""
