// A chart with its name, its words for those who don't see it, and its figures as a table.

import { fill, h } from "./dom.js";

const drawn = new Set();
let library = null;

/** Returns plotly, which is loaded when the first chart is drawn. */
function plotly() {
  library ??= new Promise((resolve, reject) => {
    document.head.append(h("script", {
      src: "page/plotly.min.js",
      onload: () => resolve(globalThis.Plotly),
      onerror: () => reject(new Error("The charts could not be loaded.")),
    }));
  });
  return library;
}

/** Returns the page's colours, light or dark. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ink", "faint", "rule", "ground", "panel", "student", "teacher", "trial", "other"];
  return Object.fromEntries(names.map(name => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** A chart that can be drawn again as its data grow. */
export class Chart {
  /** `onpoint` is told the `customdata` of a click; `choice` is what is chosen beside the title. */
  constructor(title, { onpoint, choice } = {}) {
    this.words = h("p", { class: "note" });
    this.plot = h("div", { class: "plot", role: "img", "aria-label": title });
    this.key = h("div");
    this.table = h("table");
    this.title = title;
    this.onpoint = onpoint;
    this.figures = h("details", { class: "figures", ontoggle: () => this.fillTable() },
      h("summary", {}, `${title}: the figures`),
      h("div", { class: "scrolled", tabindex: 0, role: "region", "aria-label": `Figures: ${title}` },
        this.table));
    this.element = h("figure", {},
      h("figcaption", {}, h("div", { class: "row" }, h("h3", {}, title), choice), this.words),
      this.key, this.plot, this.figures);
  }

  /**
   * Draws what `make` returns for the page's colours: `traces` and `layout` as plotly takes them,
   * `words` in one sentence, `table`, rows of which the first has the columns' names, and maybe an
   * element as a `key` to its colours. Without traces there are the words alone. The point whose
   * `customdata` is `chosen` has a ring.
   */
  async draw(make, chosen = null) {
    [this.make, this.chosen] = [make, chosen];
    const { traces, layout, words, table, key } = make(colours());
    this.words.textContent = words;
    this.plot.setAttribute("aria-label", `${this.title}. ${words}`);
    fill(this.key, key);
    this.plot.hidden = this.figures.hidden = !traces;
    if (!traces) return;
    this.rows = table;
    this.fillTable();
    const { purge, react } = await plotly();
    if (this.make !== make || !this.plot.isConnected) return; // a later one is under way
    const config = { displayModeBar: false, responsive: true };
    await react(this.plot, [...traces, ...ringed(traces, chosen)], framed(layout, colours(), this.plot.clientWidth), config);
    if (!drawn.has(this) && this.onpoint) {
      this.plot.on("plotly_click", ({ points: [{ customdata }] }) => customdata == null || this.onpoint(customdata));
    }
    drawn.add(this);
    for (const gone of drawn) {
      if (!gone.plot.isConnected && drawn.delete(gone)) purge(gone.plot);
    }
  }

  /** Fills the table in, where somebody looks at it: it may be long. */
  fillTable() {
    if (!this.figures.open || !this.rows) return;
    const [head, ...rows] = this.rows;
    fill(this.table,
      h("thead", {}, h("tr", {}, head.map(name => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows.map(row => h("tr", {}, row.map(cell => h("td", {}, String(cell)))))));
  }
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const chart of drawn) chart.draw(chart.make, chart.chosen);
});

function ringed(traces, chosen) {
  const of = traces.find(trace => trace.mode === "markers" && trace.customdata?.includes(chosen));
  if (!of) return [];
  const place = of.customdata.indexOf(chosen);
  return [{
    name: `trial ${chosen}`, x: [of.x[place]], y: [of.y[place]], type: "scatter", mode: "markers", hoverinfo: "skip",
    marker: { symbol: "circle-open", size: 18, color: colours().ink, line: { width: 2.5 } },
  }];
}

function framed(layout, { ink, faint, rule, panel }, width) {
  const axis = own => ({
    gridcolor: rule, linecolor: rule, zeroline: false, fixedrange: true, automargin: true,
    ticks: "outside", tickcolor: rule, ...own,
    title: { text: own.title, font: { color: ink, size: 13 }, standoff: 8 },
  });
  const narrow = width < 420; // where a key takes two lines
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: faint, size: 12, family: getComputedStyle(document.body).fontFamily },
    margin: { l: 8, r: 12, t: 8, b: 8 }, height: narrow ? 300 : 320, dragmode: false,
    uirevision: "kept", // what a visitor hides by the key stays hidden as the data grow
    hoverlabel: { bgcolor: panel, bordercolor: rule, font: { color: ink } },
    legend: { orientation: "h", yref: "container", y: 0, yanchor: "bottom", x: 0, font: { color: ink } },
    ...layout,
    xaxis: axis(layout.xaxis), yaxis: axis(layout.yaxis),
  };
}
