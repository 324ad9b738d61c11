"use strict";

// What differs between two stores, setting by setting.
const Changes = (() => {
  const { h } = Dom;
  const records = Data.records(Data.page.changes);
  const nameOf = ({ algorithm, storage }) =>
    Data.methods.find((method) => method.algorithm === algorithm && method.storage === storage)?.label ?? algorithm;

  function headline() {
    const counts = d3.rollup(
      records,
      (group) => group.length,
      ({ status }) => status,
    );
    const said = (status) => counts.get(status) ?? 0;
    const both = records.filter(({ ratio }) => ratio > 0);
    const mean = both.length ? Math.exp(d3.mean(both, ({ ratio }) => Math.log(ratio))) : NaN;
    return [
      both.length
        ? `${Data.page.stores[1]} is ${Format.ratio(mean)} as fast as ${Data.page.stores[0]} on average.`
        : "The stores have no setting in common.",
      `${said("faster")} settings are faster, ${said("slower")} slower, ${said("same")} the same within the noise; ${said("new")} are new, ${said("gone")} are gone.`,
    ];
  }

  function draw() {
    const both = records.filter(({ ratio }) => ratio > 0);
    const groups = d3.sort(
      d3.groups(both, (one) => `${nameOf(one)}`),
      ([, group]) => -d3.median(group, ({ ratio }) => ratio),
    );
    return [both.length ? chart(groups) : null, table()];
  }

  function chart(groups) {
    const points = groups.flatMap(([name, group]) => group.map((one) => ({ ...one, name })));
    const xs = Chart.logAxis("x", [...points.map(({ ratio }) => ratio), 1], (value) => `${Format.short(value)}×`);
    const figure = Chart.plot({
      title: "Throughput after over before",
      width: Chart.width(),
      height: 60 + 24 * groups.length,
      marginLeft: 220,
      x: xs.scale,
      y: { type: "band", domain: groups.map(([name]) => name), padding: 0.3 },
      marks: [
        ...xs.marks,
        Plot.axisY({ tickSize: 0, tickPadding: 10, label: null }),
        Plot.ruleX([1], { stroke: "var(--ink)" }),
        Plot.dot(points, {
          x: "ratio",
          y: "name",
          r: 4,
          fill: ({ status }) => `var(--${status === "faster" ? "good" : status === "slower" ? "bad" : "rest"})`,
          fillOpacity: 0.7,
        }),
      ],
    });
    return h(
      "figure",
      { class: "panel wide" },
      h(
        "figcaption",
        {},
        h("strong", {}, "Ratio of the throughput"),
        h("span", { class: "facts" }, "a dot per setting; grey: within the noise"),
      ),
      figure,
    );
  }

  function table() {
    return Table.make({
      caption: "Settings of both stores",
      file: "changes",
      records,
      columns: [
        { title: "dataset", get: ({ dataset }) => dataset },
        { title: "workload", get: ({ workload }) => workload },
        { title: "method", get: nameOf },
        { title: "build", get: ({ build_params: p }) => p, write: Format.params },
        { title: "search", get: ({ search_params: p }) => p, write: Format.params },
        { title: "before", isNumber: true, get: ({ before }) => before, write: Format.count },
        { title: "after", isNumber: true, get: ({ after }) => after, write: Format.count },
        { title: "ratio", isNumber: true, get: ({ ratio }) => ratio, write: Format.ratio },
        { title: "low", isNumber: true, get: ({ low }) => low, write: Format.ratio },
        { title: "high", isNumber: true, get: ({ high }) => high, write: Format.ratio },
        {
          title: "recall",
          isNumber: true,
          get: ({ recall }) => recall,
          write: (v) => (v == null ? Format.NONE : d3.format("+.4f")(v)),
        },
        { title: "change", get: ({ status }) => status },
      ],
    });
  }

  return { title: "Changes", controls: () => [], headline, draw, isOfAll: true };
})();
