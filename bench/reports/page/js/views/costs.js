"use strict";

// What throughput costs: build time, memory and the size of the index, against QPS at a recall.
const Costs = (() => {
  const { h } = Dom;
  const COSTS = [
    {
      title: "build time in seconds",
      short: "build s",
      of: (point) => Advice.cost(point, "build_seconds"),
      unit: 1,
      write: Format.seconds,
    },
    {
      title: "peak memory in MiB",
      short: "memory MiB",
      of: (point) => Advice.memory(point),
      unit: Format.MIB,
      write: Format.mib,
    },
    {
      title: "index size in MiB",
      short: "index MiB",
      of: (point) => Advice.cost(point, "index_bytes"),
      unit: Format.MIB,
      write: Format.mib,
    },
  ];

  const chosen = () => Selection.panels()[0];

  /** Returns the methods of the panel that reach the recall, each at its fastest setting that does. */
  function choices() {
    const panel = chosen();
    return Advice.advise(
      panel,
      Selection.methods(panel),
      State.get("x"),
      State.get("y"),
      Number(State.get("recall")),
      {},
    ).choices;
  }

  const controls = () => [Controls.recall()];

  function headline() {
    const all = choices();
    if (!all.length) return ["No method reaches this recall."];
    const cheap = d3.least(
      all.filter(({ point }) => COSTS[0].of(point) > 0.05),
      ({ point }) => COSTS[0].of(point) / 1,
    );
    const best = all[0];
    const factor = cheap && COSTS[0].of(best.point) / COSTS[0].of(cheap.point);
    const setting = `${chosen().title} at a recall of ${State.get("recall")}. Up and to the left is better.`;
    if (!cheap || cheap === best || !(factor > 1))
      return [`${best.method.name} is the fastest, and cheap to build.`, setting];
    return [
      `${best.method.name} is ${Format.short(best.throughput / cheap.throughput)} times as fast as ${cheap.method.name}, and takes ${Format.short(factor)} times as long to build.`,
      setting,
    ];
  }

  function draw() {
    const panel = chosen();
    const all = choices();
    const order = Focus.ranked([panel], State.get("x"), State.get("y")).filter(({ method }) =>
      all.some((one) => one.method === method),
    );
    const focused = Focus.methods(order);
    return [
      Legend.make(order, focused),
      h(
        "div",
        { class: "panels narrow" },
        COSTS.map((cost) => scatter(cost, all, focused)),
      ),
      Table.below({
        caption: "Costs at the recall",
        file: "costs",
        records: all,
        columns: [
          { title: "method", get: ({ method }) => method.name },
          { title: "QPS", isNumber: true, get: ({ throughput }) => throughput, write: Format.count },
          ...COSTS.map(({ short, of, write }) => ({
            title: short,
            isNumber: true,
            get: ({ point }) => of(point),
            write,
          })),
        ],
      }),
    ];
  }

  function scatter({ title, of, unit }, all, focused) {
    const at = (one) => of(one.point) / unit;
    const shown = all.filter((one) => at(one) > 0);
    const xs = Chart.logAxis("x", shown.map(at));
    const ys = Chart.logAxis(
      "y",
      shown.map(({ throughput }) => throughput),
    );
    const near = shown.filter(({ method }) => focused.has(method));
    const pixels = ys.scale.type === "log" ? d3.scaleLog(ys.scale.domain, [290, 14]) : null;
    const figure = Chart.plot({
      title: `Queries per second against ${title}`,
      width: Chart.width(Chart.NARROW),
      height: 330,
      x: xs.scale,
      y: ys.scale,
      marks: [
        ...xs.marks,
        ...ys.marks,
        Plot.dot(
          shown.filter(({ method }) => !focused.has(method)),
          { x: at, y: "throughput", r: 3.5, fill: "var(--rest)" },
        ),
        Plot.dot(near, {
          x: at,
          y: "throughput",
          r: 5.5,
          symbol: ({ method }) => Theme.symbol(method),
          fill: ({ method }) => Theme.fill(method),
          stroke: ({ method }) => Theme.stroke(method),
        }),
        ...labels(near, at, xs.scale, pixels),
        Plot.dot(
          shown,
          Plot.pointer({
            x: at,
            y: "throughput",
            r: 9,
            stroke: ({ method }) => Theme.line(method),
            strokeWidth: 2,
            maxRadius: 30,
          }),
        ),
      ],
    });
    const missing = all.length - shown.length;
    return Chart.framed(figure, {
      title: Format.capital(title),
      below: missing ? h("p", { class: "notes" }, `${missing} without a value or with 0: see the numbers.`) : null,
      points: shown.map((one) => ({ ...one.point, choice: one })),
      x: (p) => of(p) / unit,
      y: (p) => p.throughput ?? p.y,
      label: "queries per second",
    });
  }

  function labels(near, at, scale, pixels) {
    if (!pixels || near.length > 12) return [];
    const moved = Chart.apart(
      near.map(({ throughput }) => pixels(throughput)),
      14,
      290,
    );
    const middle = Math.sqrt(scale.domain[0] * scale.domain[1]);
    const placed = near.map((one, number) => ({ ...one, y: pixels.invert(moved[number]), isRight: at(one) < middle }));
    return [true, false].map((isRight) =>
      Plot.text(
        placed.filter((one) => one.isRight === isRight),
        {
          x: at,
          y: "y",
          dx: isRight ? 10 : -10,
          textAnchor: isRight ? "start" : "end",
          text: ({ method }) => method.name,
          fill: ({ method }) => Theme.text(method),
          stroke: "var(--paper)",
          strokeWidth: 3,
          paintOrder: "stroke",
          fontSize: 11.5,
        },
      ),
    );
  }

  return { title: "Costs", needs: { hasFacets: true, hasWorkload: true }, controls, headline, draw };
})();
