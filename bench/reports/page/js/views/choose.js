"use strict";

// The adviser: which methods reach a recall within limits, fastest first, and why the others drop out.
const Choose = (() => {
  const { h } = Dom;
  const FACTORS = { memory: 2 ** 20, index: 2 ** 20, build: 1, latency: 1 };

  const panelsOf = (type) => Selection.narrowed().panels.filter((panel) => panel.filter_type === type);
  const types = () => Data.page.filter_types.filter((type) => panelsOf(type).length);
  const chosenType = () => (types().includes(State.get("filter")) ? State.get("filter") : types()[0]);

  /** Returns the panel of the filter type whose selectivity is closest, by its ratio, to the one that is set. */
  function chosenPanel() {
    const panels = panelsOf(chosenType());
    const wanted = Number(State.get("selectivity"));
    if (!wanted) return Selection.uncontrolled(panels)[0];
    return (
      d3.least(panels, (panel) => Math.abs(Math.log(Math.max(panel.axes.selectivity, 1e-9) / wanted))) ?? panels[0]
    );
  }

  function limits() {
    const set = Object.keys(Advice.LIMITS).filter((key) => Number(State.get(key)) > 0);
    return Object.fromEntries(set.map((key) => [key, Number(State.get(key)) * FACTORS[key]]));
  }

  function advice() {
    const panel = chosenPanel();
    const recall = Number(State.get("recall"));
    return {
      panel,
      recall,
      ...Advice.advise(panel, Selection.methods(panel), State.get("x"), State.get("y"), recall, limits()),
    };
  }

  function controls() {
    const selectivities = panelsOf(chosenType()).filter((panel) => panel.axes.selectivity != null);
    const options = d3
      .sort(selectivities, (panel) => panel.axes.selectivity)
      .map((panel) => [
        String(panel.axes.selectivity),
        `${Format.short(100 * panel.axes.selectivity)}% pass (${panel.workload})`,
      ]);
    return [
      Controls.choice(
        "filter",
        "Filter",
        types().map((type) => [type, type]),
        chosenType(),
      ),
      options.length > 1 && Controls.choice("selectivity", "Selectivity", [["", "As published"], ...options]),
      Controls.recall(),
      ...Object.entries(Advice.LIMITS).map(([key, { what, unit }]) =>
        Controls.limit(key, `Most ${what === "95th percentile of latencies" ? "latency, p95" : what}`, unit),
      ),
    ].filter((control) => control);
  }

  function headline() {
    if (!chosenPanel()) return ["Nothing to choose from."];
    const { panel, recall, choices, dropouts } = advice();
    const setting = `${panel.title}, ${panel.facts}, a recall of ${recall}`;
    if (!choices.length) return ["No method qualifies.", `For ${setting}. Loosen a limit, or lower the recall.`];
    const best = choices.filter(({ place }) => place === 1);
    const names = best.map(({ method }) => method.name);
    return [
      best.length > 1
        ? `Use ${Format.listed(Format.few(names), "or")}: the noise cannot tell them apart.`
        : `Use ${names[0]}.`,
      `For ${setting}: ${choices.length} method${choices.length === 1 ? "" : "s"} qualify, ${dropouts.length} drop out.`,
    ];
  }

  function draw() {
    if (!chosenPanel()) return [];
    const { panel, choices, dropouts } = advice();
    const fastest = choices[0]?.throughput;
    return [
      choices.length ? bars(choices, fastest) : null,
      dropouts.length
        ? h(
            "section",
            { class: "dropouts" },
            h("h3", {}, "Why others drop out"),
            h(
              "dl",
              {},
              dropouts.map(({ method, reason }) => [h("dt", {}, Legend.name(method)), h("dd", {}, reason)]),
            ),
          )
        : null,
      Table.below({
        caption: "The methods that qualify",
        file: "choose",
        records: choices,
        columns: [
          { title: "place", isNumber: true, get: ({ place }) => place, write: (place) => String(place) },
          { title: "tied", get: ({ isTied }) => (isTied ? "yes" : "no") },
          { title: "method", get: ({ method }) => method.name },
          { title: "QPS", isNumber: true, get: ({ throughput }) => throughput, write: Format.count },
          { title: "noise", isNumber: true, get: ({ noise }) => noise, write: Format.percent },
          ...costs.map(({ title, of, write }) => ({ title, isNumber: true, get: ({ point }) => of(point), write })),
          { title: "command", get: ({ point }) => Commands.of(point) },
        ],
      }),
    ];
  }

  const costs = [
    { title: "build s", of: (point) => Advice.cost(point, "build_seconds"), write: Format.seconds },
    { title: "index MiB", of: (point) => Advice.cost(point, "index_bytes"), write: Format.mib },
    { title: "memory MiB", of: (point) => Advice.memory(point), write: Format.mib },
    { title: "p95 ms", of: (point) => Advice.cost(point, "latency_p95_ms"), write: Format.ms },
  ];

  /** Returns the ranking: a line per method with a bar of its throughput, its costs and its command. */
  function bars(choices, fastest) {
    const heads = ["", "Method", "Queries per second", ...costs.map(({ title }) => title), ""];
    const rows = choices.map((choice) => {
      const { method, place, isTied, throughput, noise, point } = choice;
      const bar = h("div", {
        class: "bar",
        style: `--length: ${(100 * throughput) / fastest}%; --color: ${Theme.line(method)}`,
      });
      return h(
        "tr",
        {},
        h("td", { class: "place" }, isTied ? `${place}=` : String(place)),
        h("th", { scope: "row" }, Legend.name(method)),
        h(
          "td",
          { class: "throughput" },
          bar,
          h("b", {}, Format.count(throughput)),
          h("span", { class: "noise" }, Format.percent(noise)),
        ),
        costs.map(({ of, write }) => h("td", { class: "number" }, write(of(point)))),
        h("td", {}, Commands.button("Copy command", point)),
      );
    });
    return h(
      "div",
      { class: "scroller", tabindex: 0, role: "region", "aria-label": "Ranking" },
      h(
        "table",
        { class: "ranking" },
        h("caption", { class: "hidden" }, "Methods that qualify, fastest first"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            heads.map((head, at) =>
              head ? h("th", { scope: "col", class: at > 2 ? "number" : null }, head) : h("td", {}),
            ),
          ),
        ),
        h("tbody", {}, rows),
      ),
    );
  }

  return { title: "Choose", needs: { hasFacets: true, hasWorkload: false }, controls, headline, draw, advice };
})();
