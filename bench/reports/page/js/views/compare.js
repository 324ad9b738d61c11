"use strict";

// Recall against queries per second: a panel per filter type, a curve per method.
const Compare = (() => {
  const { h } = Dom;
  const STARTS = [0, 0.5, 0.8, 0.9, 0.95, 0.99]; // where the axis of recalls may begin
  const HEIGHT = 380;
  const GREY = "var(--rest)";
  const missed = (point) => 1 - point.x;

  const axes = () => [State.get("x"), State.get("y")];

  function controls() {
    return [
      Controls.recall(),
      Controls.choice("from", "Recalls from", [
        ["", "Automatic"],
        ...STARTS.map((start) => [String(start), String(start)]),
      ]),
      Controls.choice("rest", "Other methods", [
        ["grey", "Grey"],
        ["hidden", "Hidden"],
      ]),
      Data.hasRepeats && Controls.toggle("bands", "Bands of repeats", "on", "off"),
    ].filter((control) => control);
  }

  function headline() {
    const [x, y] = axes();
    const recall = Number(State.get("recall"));
    const winners = Selection.panels().map((panel) => ({
      panel,
      ...Advice.advise(panel, Selection.methods(panel), x, y, recall, {}),
    }));
    const reached = winners.filter(({ choices }) => choices.length);
    if (!reached.length) return [`No method reaches a recall of ${recall}.`];
    const [first] = reached;
    const tied = first.choices.filter(({ place }) => place === 1);
    const words = Format.listed(Format.few(tied.map(({ method }) => method.name)));
    const lead =
      tied.length > 1
        ? `${words} are the fastest for ${first.panel.title}, within the noise.`
        : `${words} is the fastest for ${first.panel.title}.`;
    const details = reached.map(
      ({ panel, choices }) => `${panel.title}: ${choices[0].method.name}, ${Format.count(choices[0].throughput)}`,
    );
    return [lead, `Queries per second at a recall of ${recall}. ${details.join("; ")}.`];
  }

  function draw() {
    const [x, y] = axes();
    const panels = Selection.panels();
    const order = Focus.ranked(panels, x, y);
    const focused = Focus.methods(order);
    const drawn = panels.map((panel) => ({ panel, curves: curvesOf(panel, focused, x, y) }));
    const fronts = drawn.flatMap(({ curves }) =>
      curves.filter(({ isVisible }) => isVisible).flatMap(({ line }) => line),
    );
    const least = start(fronts);
    const limits = { least, values: fronts.filter((p) => p.x >= least).map((p) => p.y) };
    return [
      Legend.make(order, focused),
      h(
        "div",
        { class: "panels" },
        drawn.map(({ panel, curves }) => panelOf(panel, curves, limits)),
      ),
      table(drawn),
    ];
  }

  /** Returns where the axis begins: at the chosen recall, or so that it has nine tenths of the points. */
  function start(points) {
    if (State.get("from")) return Number(State.get("from"));
    const low =
      d3.quantile(
        points.map(({ x }) => x),
        0.1,
      ) ?? 0.8;
    return STARTS.slice(0, 4).findLast((recall) => recall <= low) ?? 0;
  }

  function curvesOf(panel, focused, x, y) {
    return Selection.methods(panel)
      .map((method) => ({
        method,
        isFocused: focused.has(method),
        line: Curves.front(Curves.points(panel, method, x, y)),
        isVisible: focused.has(method) || State.get("rest") !== "hidden",
      }))
      .filter(({ line }) => line.length);
  }

  function panelOf(panel, curves, limits) {
    const speeds = Chart.logAxis("y", limits.values);
    const focused = curves.filter(({ isFocused }) => isFocused);
    const rest = curves.filter(({ isFocused, isVisible }) => !isFocused && isVisible);
    const points = focused.flatMap(({ line }) => line).filter(({ x }) => x >= limits.least);
    const width = Chart.width();
    const marginRight = Chart.isRoomy(width) ? 128 : 10;
    const recalls = Chart.recallAxis(limits.least, width - 60 - marginRight);
    const figure = Chart.plot({
      title: `Recall against queries per second, ${panel.title}`,
      width,
      height: HEIGHT,
      marginRight,
      x: recalls.scale,
      y: speeds.scale,
      marks: [
        ...recalls.marks,
        ...speeds.marks,
        frontBand(curves, limits.least),
        ...rest.map(({ line }) => Plot.line(line, { x: missed, y: "y", stroke: GREY, strokeWidth: 1, clip: true })),
        ...(State.get("bands") === "on" ? focused.map(band) : []),
        ...focused.map(({ method, line }) =>
          Plot.line(line, {
            x: missed,
            y: "y",
            stroke: Theme.line(method),
            strokeWidth: 1.8,
            strokeDasharray: Theme.dashes(method),
            strokeLinejoin: "round",
            clip: true,
          }),
        ),
        Plot.dot(points, {
          x: missed,
          y: "y",
          r: 4,
          symbol: (p) => Theme.symbol(p.method),
          fill: (p) => Theme.fill(p.method),
          stroke: (p) => Theme.stroke(p.method),
          strokeWidth: 0.8,
        }),
        ...(Chart.isRoomy(width) ? labels(focused, speeds.scale) : []),
        Plot.ruleX(
          [1 - Number(State.get("recall"))].filter((m) => m <= 1 - limits.least),
          { stroke: "var(--accent)", strokeDasharray: "2 3" },
        ),
        Plot.dot(
          points,
          Plot.pointer({ x: missed, y: "y", r: 8, stroke: (p) => Theme.line(p.method), strokeWidth: 2, maxRadius: 30 }),
        ),
      ],
    });
    const notes = notesOf(panel);
    return Chart.framed(figure, {
      title: panel.title,
      facts: panel.facts,
      points,
      x: missed,
      y: (point) => point.y,
      label: `queries per second, by ${Data.page.x_axes[State.get("x")].replace("{k}", panel.k)}`,
      below: notes.length
        ? h(
            "details",
            { class: "notes" },
            h("summary", {}, `${notes.length} note${notes.length > 1 ? "s" : ""}`),
            h(
              "ul",
              {},
              notes.map((note) => h("li", {}, note)),
            ),
          )
        : null,
    });
  }

  function frontBand(curves, least) {
    const recalls = d3.range(201).map((step) => 1 - (1 - least) * (1 - step / 200) ** 3);
    const best = recalls.map((recall) => ({ recall, y: d3.max(curves, ({ line }) => Curves.bestAt(line, recall)) }));
    return Plot.line(
      best.filter(({ y }) => y > 0),
      {
        x: ({ recall }) => 1 - recall,
        y: "y",
        stroke: "var(--front)",
        strokeWidth: 9,
        strokeLinecap: "round",
        strokeLinejoin: "round",
      },
    );
  }

  function band({ method, line }) {
    const low = (point) => Math.max(point.y - point.spread, point.y * 1e-3);
    return Plot.areaY(line, {
      x: missed,
      y1: low,
      y2: (p) => p.y + p.spread,
      fill: Theme.line(method),
      fillOpacity: 0.15,
      clip: true,
    });
  }

  /** Writes the names of the methods at the ends of their curves, unless there are too many. */
  function labels(curves, scale) {
    if (curves.length > 16) return [];
    const pixels = d3.scaleLog(scale.domain, [HEIGHT - 40, 14]);
    const ends = curves.map(({ line }) => line.at(-1));
    const moved = Chart.apart(
      ends.map((end) => pixels(end.y)),
      14,
      HEIGHT - 40,
    );
    const placed = curves.map(({ method }, at) => ({ method, end: ends[at], y: pixels.invert(moved[at]) }));
    return [
      Plot.text(placed, {
        frameAnchor: "right",
        y: "y",
        dx: 10,
        text: ({ method }) => shortened(method.name),
        textAnchor: "start",
        fill: ({ method }) => Theme.text(method),
        fontSize: 11.5,
      }),
    ];
  }

  const shortened = (name) => (name.length > 19 ? `${name.slice(0, 18)}…` : name);

  function notesOf(panel) {
    return Selection.methods(panel).flatMap((method) => {
      const entry = Data.entryOf(panel, method);
      return [
        ...(entry.failed ? [`${method.name}: ${entry.failed}`] : []),
        ...(entry.failing
          ? [`${method.name}: up to ${(100 * entry.failing).toFixed(1)}% of answers fail the filter`]
          : []),
        ...(entry.unserved != null
          ? [`${method.name} does not serve this filter${entry.unserved && `: ${entry.unserved}`}`]
          : []),
      ];
    });
  }

  function table(drawn) {
    const records = drawn.flatMap(({ panel, curves }) =>
      curves.flatMap(({ line }) => line.map((point) => ({ panel, point }))),
    );
    return Table.below({
      caption: "The points of the curves",
      file: "compare",
      records,
      columns: [
        { title: "workload", get: ({ panel }) => panel.title },
        { title: "method", get: ({ point }) => point.method.name },
        { title: "recall", isNumber: true, get: ({ point }) => point.x, write: Format.recall },
        { title: "QPS", isNumber: true, get: ({ point }) => point.y, write: Format.count },
        { title: "± repeats", isNumber: true, get: ({ point }) => point.spread, write: Format.count },
        { title: "p95 ms", isNumber: true, get: ({ point }) => Advice.cost(point, "latency_p95_ms"), write: Format.ms },
        {
          title: "build s",
          isNumber: true,
          get: ({ point }) => Advice.cost(point, "build_seconds"),
          write: Format.seconds,
        },
        { title: "memory MiB", isNumber: true, get: ({ point }) => Advice.memory(point), write: Format.mib },
        { title: "search", get: ({ point }) => Data.value("search_params", point.rows[0]), write: Format.params },
        { title: "command", isAction: true, get: () => null, cell: (_, { point }) => Commands.button("Copy", point) },
      ],
    });
  }

  return { title: "Compare", needs: { hasFacets: true, hasWorkload: true }, controls, headline, draw };
})();
