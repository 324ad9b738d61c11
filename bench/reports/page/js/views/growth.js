"use strict";

// How QPS and costs grow with the number of items, dimensions, answers or threads.
const Growth = (() => {
  const { h } = Dom;
  const QUANTITIES = {
    n: { title: "items", facet: "data" },
    dim: { title: "dimensions", facet: "data" },
    k: { title: "answers per query", facet: "k" },
    threads_search: { title: "search threads", facet: "threads" },
  };
  const MEASURES = {
    qps: { title: "queries per second", of: ({ throughput }) => throughput, write: Format.count },
    build_seconds: {
      title: "build time in seconds",
      of: ({ point }) => Advice.cost(point, "build_seconds"),
      write: Format.seconds,
    },
    memory: {
      title: "peak memory in MiB",
      of: ({ point }) => Advice.memory(point) / Format.MIB,
      write: Format.seconds,
    },
    index: {
      title: "index size in MiB",
      of: ({ point }) => Advice.cost(point, "index_bytes") / Format.MIB,
      write: Format.seconds,
    },
  };
  const INTERVAL = "an end of the interval of 95%; two points have none";
  const FIXED = ["dataset", "n", "dim", "k", "threads_search", "machine", "workload"];

  /** Returns groups of panels that differ in one quantity alone, those with more values first. */
  function series(quantity) {
    const others = FIXED.filter((name) => name !== quantity);
    const groups = [...d3.group(Data.panels, (panel) => others.map((name) => panel[name]).join("\n")).values()];
    return groups.filter((group) => new Set(group.map((panel) => panel[quantity])).size > 1);
  }

  const available = () => Object.entries(QUANTITIES).filter(([quantity]) => series(quantity).length);
  const chosen = () => available().find(([quantity]) => quantity === State.get("grows")) ?? available()[0];

  function controls() {
    if (!chosen()) return [];
    return [
      Controls.recall(),
      Controls.choice(
        "grows",
        "Against",
        available().map(([quantity, { title }]) => [quantity, title]),
        chosen()[0],
      ),
      Controls.choice(
        "of",
        "Show",
        Object.entries(MEASURES).map(([key, { title }]) => [key, title]),
      ),
    ];
  }

  /** Returns the records of a series: a method at a value of the quantity. */
  function records(group, quantity) {
    const all = group.flatMap((panel) =>
      Advice.advise(
        panel,
        Selection.methods(panel),
        State.get("x"),
        State.get("y"),
        Number(State.get("recall")),
        {},
      ).choices.map((choice) => ({
        ...choice,
        panel,
        at: panel[quantity],
        value: MEASURES[State.get("of")].of(choice),
      })),
    );
    const lines = d3.group(
      all.filter(({ value }) => value > 0),
      ({ method }) => method,
    );
    return [...lines.values()]
      .filter((line) => new Set(line.map(({ at }) => at)).size > 1)
      .flatMap((line) => d3.sort(line, ({ at }) => at));
  }

  /** Returns the power b of the fit value = a at^b, with its interval, as in bench/results/growth.py. */
  function fit(line) {
    const x = line.map(({ at }) => Math.log(at));
    const y = line.map(({ value }) => Math.log(value));
    const [mx, my] = [d3.mean(x), d3.mean(y)];
    const spread = d3.sum(x, (v) => (v - mx) ** 2);
    const power = d3.sum(x, (v, at) => (v - mx) * (y[at] - my)) / spread;
    const freedom = line.length - 2;
    if (!freedom) return { power, low: null, high: null };
    const residuals = d3.sum(x, (v, at) => (y[at] - my - power * (v - mx)) ** 2);
    const half = Data.page.student[freedom - 1] * Math.sqrt(residuals / freedom / spread);
    return { power, low: power - half, high: power + half };
  }

  /** Returns the fit of each method of a series. */
  const fits = (all) =>
    [...d3.group(all, ({ method }) => method)].map(([method, line]) => ({
      method,
      line,
      panel: line[0].panel,
      ...fit(line),
    }));

  function headline() {
    if (!chosen())
      return [
        "Nothing grows here yet.",
        "This view needs runs that differ in one quantity alone: items, dimensions, k or search threads. 'python -m bench.study study=size' makes some.",
      ];
    const [quantity, { title }] = chosen();
    const all = records(series(quantity)[0], quantity);
    const setting = `${Format.capital(MEASURES[State.get("of")].title)} at a recall of ${State.get("recall")}, against the number of ${title}; at the ends of the lines, their fitted exponents.`;
    if (!all.length) return ["No method reaches this recall at two sizes.", setting];
    const steady = d3.least(fits(all), ({ power }) => Math.abs(power));
    return [
      `${steady.method.name} changes least with the number of ${title}: by a power of ${Format.power(steady.power)}.`,
      setting,
    ];
  }

  function draw() {
    if (!chosen()) return [];
    const [quantity, { title }] = chosen();
    const groups = series(quantity)
      .map((group) => ({ group, all: records(group, quantity) }))
      .filter(({ all }) => all.length);
    return [
      h(
        "div",
        { class: "panels" },
        groups.map(({ group, all }) => chart(group, all, title)),
      ),
      Table.below({
        caption: `Growth with the number of ${title}`,
        file: "growth",
        records: groups.flatMap(({ all }) => all),
        columns: [
          { title: "workload", get: ({ panel }) => panel.title },
          { title, isNumber: true, get: ({ at }) => at, write: Format.count },
          { title: "method", get: ({ method }) => method.name },
          {
            title: MEASURES[State.get("of")].title,
            isNumber: true,
            get: ({ value }) => value,
            write: MEASURES[State.get("of")].write,
          },
        ],
      }),
      Table.below({
        summary: "The exponents",
        caption: `Exponents of growth with the number of ${title}`,
        file: "exponents",
        records: groups.flatMap(({ all }) => fits(all)),
        columns: [
          { title: "workload", get: ({ panel }) => panel.title },
          { title: "method", get: ({ method }) => method.name },
          { title: "points", isNumber: true, get: ({ line }) => line.length },
          { title: "exponent", isNumber: true, get: ({ power }) => power, write: Format.power },
          { title: "from", about: INTERVAL, isNumber: true, get: ({ low }) => low, write: Format.power },
          { title: "to", about: INTERVAL, isNumber: true, get: ({ high }) => high, write: Format.power },
        ],
      }),
    ];
  }

  function chart(group, all, title) {
    const values = [...new Set(all.map(({ at }) => at))];
    const ys = Chart.logAxis(
      "y",
      all.map(({ value }) => value),
    );
    const lines = fits(all);
    const pixels = d3.scaleLog(ys.scale.domain, [290, 14]);
    const ends = lines.map((one) => ({ ...one, end: one.line.at(-1) }));
    const moved = Chart.apart(
      ends.map(({ end }) => pixels(end.value)),
      14,
      290,
    );
    const placed = ends.map((one, number) => ({ ...one, y: pixels.invert(moved[number]) }));
    const figure = Chart.plot({
      title: `Growth with the number of ${title}, ${group[0].title}`,
      width: Chart.width(),
      height: 330,
      marginRight: 150,
      x: { type: "log", insetLeft: 12, insetRight: 12 },
      y: ys.scale,
      marks: [
        ...ys.marks,
        Plot.gridX(values, { stroke: "var(--grid)", strokeOpacity: 1 }),
        Plot.axisX(values, { tickSize: 0, tickPadding: 8, label: null, text: Format.tick }),
        ...lines.map(({ method, line }) =>
          Plot.line(line, {
            x: "at",
            y: "value",
            stroke: Theme.line(method),
            strokeWidth: 1.8,
            strokeDasharray: Theme.dashes(method),
          }),
        ),
        Plot.dot(all, {
          x: "at",
          y: "value",
          r: 4,
          symbol: ({ method }) => Theme.symbol(method),
          fill: ({ method }) => Theme.fill(method),
          stroke: ({ method }) => Theme.stroke(method),
        }),
        Plot.text(placed, {
          frameAnchor: "right",
          y: "y",
          dx: 10,
          textAnchor: "start",
          text: ({ method, power }) => `${method.name.slice(0, 16)} ${Format.power(power)}`,
          fill: ({ method }) => Theme.text(method),
          fontSize: 11.5,
        }),
      ],
    });
    return h(
      "figure",
      { class: "panel" },
      h("figcaption", {}, h("strong", {}, group[0].title), h("span", { class: "facts" }, group[0].dataset)),
      h("div", { class: "axis-title" }, MEASURES[State.get("of")].title),
      figure,
    );
  }

  return { title: "Growth", needs: { hasFacets: false, hasWorkload: false }, controls, headline, draw, fit };
})();
