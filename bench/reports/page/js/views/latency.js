"use strict";

// Latencies of single queries, at the fastest setting of each method that reaches the recall.
const Latency = (() => {
  const { h } = Dom;
  const PERCENTILES = ["latency_p50_ms", "latency_p95_ms", "latency_p99_ms"];
  const LEVELS = [1, 5, 10, 25, 50, 75, 90, 95, 99, 100];

  const chosen = () => Selection.panels()[0];

  /** Returns per method the fastest point that reaches the recall, with its percentiles, lowest median first. */
  function records() {
    const panel = chosen();
    const recall = Number(State.get("recall"));
    const all = Selection.methods(panel).map((method) => {
      const reaching = Curves.points(panel, method, State.get("x"), State.get("y")).filter(
        (point) => point.x >= recall,
      );
      const point = reaching[d3.maxIndex(reaching, ({ y }) => y)];
      return (
        point && {
          method,
          point,
          values: PERCENTILES.map((name) => Advice.cost(point, name)),
          quantiles: Data.page.quantiles[point.id],
        }
      );
    });
    return d3.sort(
      all.filter((one) => one && one.values[0] != null),
      ({ values }) => values[0],
    );
  }

  const controls = () => [Controls.recall()];

  function headline() {
    const all = records();
    const setting = `${chosen().title}, single queries, each method at its fastest setting with a recall of ${State.get("recall")} or more.`;
    if (!all.length)
      return [
        Data.has("latency_p50_ms") ? "No method with latencies reaches this recall." : "This store has no latencies.",
        setting,
      ];
    const tail = d3.least(all, ({ values }) => values[2] ?? Infinity);
    const first = `${all[0].method.name} answers half of its queries within ${Format.ms(all[0].values[0])} ms`;
    return [
      tail === all[0] ? `${first}, and has the shortest tail.` : `${first}; ${tail.method.name} has the shortest tail.`,
      setting,
    ];
  }

  function draw() {
    const all = records();
    if (!all.length) return [];
    return [h("div", { class: "panels" }, ranges(all), distributions(all)), table(all)];
  }

  function ranges(all) {
    const xs = Chart.logAxis(
      "x",
      all.flatMap(({ values }) => values.filter((v) => v != null)),
    );
    const figure = Chart.plot({
      title: "Percentiles of the latencies",
      width: Chart.width(),
      height: 60 + 24 * all.length,
      marginLeft: 172,
      x: xs.scale,
      y: { type: "band", domain: all.map(({ method }) => method.id), padding: 0.3 },
      marks: [
        ...xs.marks,
        Plot.axisY({ tickSize: 0, tickPadding: 10, label: null, text: (id) => Data.methods[id].name.slice(0, 26) }),
        Plot.ruleY(all, {
          y: ({ method }) => method.id,
          x1: ({ values }) => values[0],
          x2: ({ values }) => values[2] ?? values[0],
          stroke: ({ method }) => Theme.line(method),
          strokeWidth: 3,
          strokeOpacity: 0.35,
        }),
        ...PERCENTILES.map((_, at) =>
          Plot.dot(
            all.filter(({ values }) => values[at] != null),
            {
              x: ({ values }) => values[at],
              y: ({ method }) => method.id,
              r: 4,
              fill: at === 2 ? "var(--paper)" : ({ method }) => Theme.line(method),
              stroke: ({ method }) => Theme.line(method),
              strokeWidth: 1.5,
              fillOpacity: at === 1 ? 0.45 : 1,
            },
          ),
        ),
      ],
    });
    return h(
      "figure",
      { class: "panel" },
      h(
        "figcaption",
        {},
        h("strong", {}, "Percentiles"),
        h("span", { class: "facts" }, "full: 50th, pale: 95th, open: 99th; milliseconds"),
      ),
      figure,
    );
  }

  function distributions(all) {
    const drawn = all.filter(({ quantiles }) => quantiles);
    if (!drawn.length)
      return h("p", { class: "missing" }, "The store has no latencies per query, so there are no distributions.");
    const order = Focus.ranked([chosen()], State.get("x"), State.get("y")).filter(({ method }) =>
      drawn.some((one) => one.method === method),
    );
    const focused = Focus.methods(order);
    const points = drawn
      .filter(({ method }) => focused.has(method))
      .flatMap(({ method, quantiles }) => quantiles.map((ms, at) => ({ method, ms, level: LEVELS[at] })));
    const xs = Chart.logAxis(
      "x",
      points.map(({ ms }) => ms),
    );
    const figure = Chart.plot({
      title: "Distribution of the latencies",
      width: Chart.width(),
      height: 380,
      x: xs.scale,
      y: { domain: [0, 100] },
      marks: [
        ...xs.marks,
        Plot.gridY([0, 25, 50, 75, 100], { stroke: "var(--grid)", strokeOpacity: 1 }),
        Plot.axisY([0, 25, 50, 75, 100], { tickSize: 0, tickPadding: 8, label: null, text: (v) => `${v}%` }),
        ...[...d3.group(points, ({ method }) => method)].map(([method, line]) =>
          Plot.line(line, {
            x: "ms",
            y: "level",
            stroke: Theme.line(method),
            strokeWidth: 1.8,
            strokeDasharray: Theme.dashes(method),
            curve: "monotone-y",
          }),
        ),
      ],
    });
    return h(
      "figure",
      { class: "panel" },
      h(
        "figcaption",
        {},
        h("strong", {}, "Distributions"),
        h("span", { class: "facts" }, "queries answered within a time; milliseconds"),
      ),
      figure,
      h("div", { class: "key" }, [...focused].map(Legend.name)),
    );
  }

  function table(all) {
    return Table.below({
      caption: "Percentiles of the latencies",
      file: "latency",
      records: all,
      columns: [
        { title: "method", get: ({ method }) => method.name },
        { title: "recall", isNumber: true, get: ({ point }) => point.x, write: Format.recall },
        { title: "QPS", isNumber: true, get: ({ point }) => point.y, write: Format.count },
        ...["p50 ms", "p95 ms", "p99 ms"].map((title, at) => ({
          title,
          isNumber: true,
          get: ({ values }) => values[at],
          write: Format.ms,
        })),
        ...LEVELS.map((level, at) => ({
          title: `within, ${level}%`,
          isNumber: true,
          get: ({ quantiles }) => quantiles?.[at],
          write: Format.ms,
        })),
      ],
    });
  }

  return { title: "Latency", needs: { hasFacets: true, hasWorkload: true }, controls, headline, draw };
})();
