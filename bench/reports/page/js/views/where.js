"use strict";

// Heat maps: methods against what workloads differ in, such as the selectivity of their filters.
const Where = (() => {
  const { h } = Dom;
  const CELL = { width: 84, height: 26, names: 190, top: 54 };

  // The axes on which the panels of a filter type have more than one value.
  function axes() {
    return Object.entries(Data.page.axes).filter(([name]) =>
      types().some(
        (type) =>
          new Set(
            panelsOf(type)
              .map((panel) => panel.axes[name])
              .filter((v) => v != null),
          ).size > 1,
      ),
    );
  }
  const types = () => Data.page.filter_types;
  const panelsOf = (type) => Selection.narrowed().panels.filter((panel) => panel.filter_type === type);
  const chosenAxis = () =>
    axes().find(([name]) => name === State.get("axis")) ?? axes()[0] ?? Object.entries(Data.page.axes)[0];

  /** Returns the maps: per filter type the columns by rising value on the axis, and a cell per method and column. */
  function maps() {
    const [axis] = chosenAxis();
    const recall = Number(State.get("recall"));
    return types()
      .map((type) => {
        const columns = d3.sort(
          panelsOf(type).filter((panel) => panel.axes[axis] != null),
          (panel) => panel.axes[axis],
        );
        const cells = columns.flatMap((panel) => cellsOf(panel, recall, axis));
        return { type, columns, cells, axis };
      })
      .filter(({ cells }) => cells.length);
  }

  /** Returns a cell per method that serves a panel; the regret of one that does not reach the recall is infinite. */
  function cellsOf(panel, recall, axis) {
    const serving = Selection.methods(panel).filter((method) => Data.entryOf(panel, method).unserved == null);
    const cells = serving.map((method) => {
      const qps = Curves.bestAt(Curves.points(panel, method, State.get("x"), State.get("y")), recall);
      return { panel, method, qps, value: panel.axes[axis] };
    });
    const best = d3.max(cells, ({ qps }) => qps);
    return best ? cells.map((cell) => ({ ...cell, regret: cell.qps > 0 ? best / cell.qps : Infinity })) : [];
  }

  function controls() {
    return [
      Controls.recall(),
      axes().length > 1 && Controls.choice("axis", "Against", axes(), chosenAxis()[0]),
      Controls.buttons("measure", "Show", [
        ["qps", "QPS"],
        ["regret", "Regret"],
      ]),
    ].filter((control) => control);
  }

  function headline() {
    const all = maps();
    if (!all.length) return ["No method reaches this recall."];
    const [, title] = chosenAxis();
    const winners = all.map(({ type, columns, cells }) => {
      const best = columns.map(
        (panel) =>
          d3.greatest(
            cells.filter((cell) => cell.panel === panel),
            ({ qps }) => qps,
          )?.method,
      );
      return {
        type,
        wins: d3.rollup(
          best.filter((m) => m),
          (group) => group.length,
          (m) => m,
        ),
        columns,
      };
    });
    const widest = d3.greatest(winners, ({ columns }) => columns.length);
    const [method, count] = d3.greatest(widest.wins, ([, n]) => n);
    return [
      `${method.name} is the fastest in ${count} of ${widest.columns.length} ${widest.type} workload${widest.columns.length === 1 ? "" : "s"}.`,
      `${State.get("measure") === "regret" ? "Regret: how many times as fast the best method is" : "Queries per second"} at a recall of ${State.get("recall")}, by the ${title}.`,
    ];
  }

  function draw() {
    const all = maps();
    return [
      h(
        "div",
        { class: "maps" },
        all.map(({ type, columns, cells, axis }) =>
          h(
            "figure",
            { class: "panel" },
            h("figcaption", {}, h("strong", {}, type), h("span", { class: "facts" }, Data.page.axes[axis])),
            h(
              "div",
              { class: "scroller", tabindex: 0, role: "region", "aria-label": `Heat map of ${type}` },
              heatMap(type, columns, cells, axis),
            ),
          ),
        ),
      ),
      Table.below({
        caption: "The cells of the maps",
        file: "where",
        records: all.flatMap(({ cells }) => cells),
        columns: [
          { title: "filter", get: ({ panel }) => panel.filter_type },
          { title: "workload", get: ({ panel }) => panel.workload },
          { title: chosenAxis()[0], isNumber: true, get: ({ value }) => value, write: Format.short },
          { title: "method", get: ({ method }) => method.name },
          { title: "QPS", isNumber: true, get: ({ qps }) => qps, write: Format.count },
          { title: "regret", isNumber: true, get: ({ regret }) => regret, write: Format.ratio },
        ],
      }),
    ];
  }

  function heatMap(type, columns, cells, axis) {
    const isRegret = State.get("measure") === "regret";
    const reached = cells.filter(({ qps }) => qps > 0);
    const methods = d3.groupSort(
      cells,
      (group) => closeness(group.map(({ regret }) => regret)),
      ({ method }) => method,
    );
    const scale = isRegret
      ? d3.scaleLog([d3.max(reached, ({ regret }) => regret), 1], [0, 1])
      : d3.scaleLog(
          d3.extent(reached, ({ qps }) => qps),
          [0, 1],
        );
    const strength = (cell) => Math.round(8 + 80 * (scale(isRegret ? cell.regret : cell.qps) || 0));
    const title = (panel) =>
      axis === "selectivity" ? `${Format.short(100 * panel.axes[axis])}%` : Format.short(panel.axes[axis]);
    return Chart.plot({
      title: `Heat map of methods by ${Data.page.axes[axis]}, ${type}`,
      width: CELL.names + CELL.width * columns.length + 20,
      height: CELL.top + CELL.height * methods.length + 6,
      marginLeft: CELL.names,
      marginTop: CELL.top,
      marginBottom: 6,
      marginRight: 20,
      x: { type: "band", domain: columns.map(({ id }) => id), padding: 0.04 },
      y: { type: "band", domain: methods.map(({ id }) => id), padding: 0.06 },
      marks: [
        Plot.axisX({
          anchor: "top",
          tickSize: 0,
          tickPadding: 8,
          label: null,
          lineWidth: 8,
          text: (id) =>
            `${Data.panels[id].controlled ? "" : shortened(Data.panels[id].workload)}\n${title(Data.panels[id])}`,
        }),
        Plot.axisY({ tickSize: 0, tickPadding: 10, label: null, text: (id) => shortened(Data.methods[id].name, 27) }),
        Plot.cell(reached, {
          x: ({ panel }) => panel.id,
          y: ({ method }) => method.id,
          rx: 3,
          fill: (cell) => `color-mix(in oklab, var(--heat) ${strength(cell)}%, var(--paper))`,
        }),
        Plot.text(cells, {
          x: ({ panel }) => panel.id,
          y: ({ method }) => method.id,
          fontSize: 11.5,
          text: (cell) => wording(cell, isRegret),
          fill: (cell) => (!(cell.qps > 0) ? "var(--muted)" : strength(cell) > 70 ? "var(--on-heat)" : "var(--ink)"),
          fontWeight: (cell) => (cell.regret === 1 ? 700 : 400),
        }),
      ],
    });
  }

  /** Returns what sorts methods: those with many cells where they reach the recall first, then by their mean regret. */
  function closeness(regrets) {
    const finite = regrets.filter(Number.isFinite);
    return (d3.mean(finite, Math.log) ?? 0) - 100 * finite.length;
  }

  function wording({ qps, regret }, isRegret) {
    if (!(qps > 0)) return Format.NONE;
    if (!isRegret) return Format.count(qps);
    return regret === 1 ? "best" : Format.ratio(regret);
  }

  const shortened = (name, most = 13) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);

  return { title: "Where", needs: { hasFacets: true, hasWorkload: false }, controls, headline, draw, cellsOf };
})();
