"use strict";

// Which panels and methods are looked at: one dataset, machine, k and number of threads, and some workloads.
const Selection = (() => {
  const dataOf = (panel) => `${panel.dataset} ${panel.n} ${panel.dim} ${panel.data_digest}`;
  const digests = d3.rollup(Data.panels, (group) => new Set(group.map((p) => p.data_digest)).size, dataTitle);
  function dataTitle(panel) {
    return `${panel.dataset}, ${Format.count(panel.n)} × ${panel.dim}, ${panel.metric}`;
  }

  // The facets in the order in which they narrow down the panels.
  const FACETS = [
    {
      key: "data",
      label: "Dataset",
      of: dataOf,
      title: (p) =>
        digests.get(dataTitle(p)) > 1 ? `${dataTitle(p)} (${String(p.data_digest).slice(0, 6)})` : dataTitle(p),
    },
    { key: "machine", label: "Machine", of: (panel) => panel.machine, title: (panel) => panel.machine },
    { key: "k", label: "k", of: (panel) => String(panel.k), title: (panel) => `k = ${panel.k}` },
    {
      key: "threads",
      label: "Search threads",
      of: (panel) => String(panel.threads_search),
      title: ({ threads_search: t }) => `${t} thread${t === 1 ? "" : "s"}`,
    },
  ];

  /** Returns the panels that fit all facets, and the options of each facet with the chosen one. */
  function narrowed() {
    let panels = Data.panels;
    const facets = [];
    for (const facet of FACETS) {
      const groups = d3.group(panels, facet.of);
      const chosen = groups.has(State.get(facet.key)) ? State.get(facet.key) : largest(groups);
      facets.push({ ...facet, chosen, options: [...groups].map(([value, group]) => [value, facet.title(group[0])]) });
      panels = groups.get(chosen) ?? [];
    }
    return { panels, facets };
  }

  const weight = (panel) => d3.sum(Data.methodsIn(panel), (method) => Data.pointsIn(panel, method).size);
  const largest = (groups) => d3.greatest(groups, ([, group]) => d3.sum(group, weight))?.[0];

  /** Returns the panels whose workloads control nothing, such as the published ones; all if there are none. */
  function uncontrolled(panels) {
    const chosen = panels.filter(({ controlled }) => controlled == null);
    return chosen.length ? chosen : panels;
  }

  /** Returns the panels of the chosen workload; without a choice, those whose workloads control nothing. */
  function panels() {
    const { panels: all } = narrowed();
    const workload = State.get("workload");
    const chosen = all.filter((panel) => workload === "all" || panel.workload === workload);
    return chosen.length ? chosen : uncontrolled(all);
  }

  /** Returns the methods of a panel that search the chosen format of vectors. */
  function methods(panel) {
    const storage = State.get("storage");
    return Data.methodsIn(panel).filter((method) => !storage || method.storage === storage);
  }

  /** Returns what is looked at, in words, and the controls that change it where there is a choice. */
  function bar({ hasFacets, hasWorkload }) {
    const { panels: all, facets: every } = narrowed();
    const facets = hasFacets ? every : [];
    const choices = facets
      .filter(({ options }) => options.length > 1)
      .map(({ key, label, options, chosen }) => Controls.choice(key, label, options, chosen));
    const fixed = facets.filter(({ options }) => options.length === 1).map(({ options }) => options[0][1]);
    const workloads = d3.groups(all, (panel) => panel.workload).map(([name, [first]]) => [name, first.title]);
    const few =
      uncontrolled(all).length < all.length
        ? [
            ["", "As published"],
            ["all", "All"],
          ]
        : [["", "All"]];
    const storages = [...new Set(Data.methods.map((method) => method.storage))];
    const extra = [
      hasWorkload && workloads.length > 1 && Controls.choice("workload", "Workload", [...few, ...workloads]),
      storages.length > 1 &&
        Controls.choice("storage", "Vectors", [["", "All formats"], ...storages.map((s) => [s, s])]),
      Controls.choice("y", "Throughput", [
        ["qps", "QPS"],
        ["qps_with_prepare", "QPS, filters included"],
      ]),
      Controls.choice("x", "Recall by", [
        ["recall", "min(k, matches)"],
        ["recall_paper", "k, as in the paper"],
      ]),
    ];
    return { controls: [...choices, ...extra].filter((control) => control), fixed: fixed.join(" · ") };
  }

  return { narrowed, uncontrolled, panels, methods, bar };
})();
