"use strict";

// Every row of the store: search, filters, sorting, failures with their logs, CSV.
const Runs = (() => {
  const { h } = Dom;
  const WRITE = {
    recall: Format.recall,
    recall_paper: Format.recall,
    underfill: Format.recall,
    qps: Format.count,
    qps_with_prepare: Format.count,
    qps_one_by_one: Format.count,
    latency_p50_ms: Format.ms,
    latency_p95_ms: Format.ms,
    latency_p99_ms: Format.ms,
    build_seconds: Format.seconds,
    build_memory_bytes: Format.mib,
    search_memory_bytes: Format.mib,
    index_bytes: Format.mib,
    distance_computations: Format.count,
    selectivity_mean: Format.short,
    build_params: Format.params,
    search_params: Format.params,
  };
  const NUMBERS = new Set([
    ...Object.keys(WRITE).filter((name) => !name.endsWith("params")),
    "rerank",
    "repeat",
    "seed",
    "threads_build",
    "violations",
  ]);
  const HIDDEN = new Set(["panel", "method", "point"]);
  const IN_MIB = (name) => name.endsWith("_bytes");

  const panelOf = (row) => Data.panels[Data.value("panel", row)];
  const methodOf = (row) => Data.methods[Data.value("method", row)];
  // What the search looks into, a line per row, made once.
  const texts = new Map();
  function textOf(row) {
    if (!texts.has(row)) {
      const { dataset, workload, machine } = panelOf(row);
      const { algorithm, name } = methodOf(row);
      const values = ["status", "error", "build_params", "search_params", "run_id", "remarks"].map(
        (c) => Data.value(c, row) ?? "",
      );
      texts.set(row, [dataset, workload, machine, algorithm, name, ...values].join(" ").toLowerCase());
    }
    return texts.get(row);
  }

  function rows() {
    const words = State.get("search")
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word);
    const [status, algorithm, workload] = ["status", "algorithm", "workload"].map(State.get);
    return Data.rows.filter(
      (row) =>
        (!status ||
          (status === "failed"
            ? !["ok", "unsupported"].includes(Data.value("status", row))
            : Data.value("status", row) === status)) &&
        (!algorithm || methodOf(row).key === algorithm) &&
        (!workload || panelOf(row).workload === workload) &&
        words.every((word) => textOf(row).includes(word)),
    );
  }

  function controls() {
    const statuses = [...new Set(Data.rows.map((row) => Data.value("status", row)))].sort();
    const workloads = [...new Set(Data.panels.map(({ workload }) => workload))];
    return [
      Controls.text("search", "Search", "any words"),
      Controls.choice("status", "Status", [
        ["", "Any"],
        ["failed", "Any failure"],
        ...statuses.map((s) => [s, s.replaceAll("_", " ")]),
      ]),
      Controls.choice("algorithm", "Method", [["", "All"], ...Data.methods.map(({ key, name }) => [key, name])]),
      Controls.choice("workload", "Workload", [["", "All"], ...workloads.map((w) => [w, w])]),
    ];
  }

  function headline() {
    const bad = Data.rows.filter((row) => !["ok", "unsupported"].includes(Data.value("status", row))).length;
    const missing = Data.page.missing.length ? ` The store has no values of ${Format.listed(Data.page.missing)}.` : "";
    return [
      bad ? `${Format.count(bad)} of ${Format.counted(Data.rows.length, "row")} failed.` : "Nothing failed.",
      `${Format.counted(Data.rows.length, "row")} of ${Format.counted(Data.methods.length, "method")} on ${Format.counted(Data.panels.length, "workload")}.${missing}`,
    ];
  }

  function draw() {
    const [by, direction] = State.get("sort").split(":");
    const records = rows();
    return [
      Table.make({
        caption: "Rows of the store",
        file: "runs",
        records,
        columns: columns(records),
        sort: by ? [by, Number(direction) || 1] : null,
        onSort: (title, d) => State.set({ sort: `${title}:${d}` }, { isSilent: true }),
      }),
    ];
  }

  function columns(records) {
    const isShown = (name) => !HIDDEN.has(name) && (name !== "error" || records.some((row) => Data.value(name, row)));
    const stored = Data.page.columns
      .filter(({ name }) => isShown(name))
      .map(({ name, meaning, unit }) => ({
        title: IN_MIB(name) ? `${name} (MiB)` : name,
        about: unit ? `${meaning} (${unit})` : meaning,
        isNumber: NUMBERS.has(name),
        get: (row) => Data.value(name, row),
        write: WRITE[name],
        ...(name === "error" ? { cell: errorCell } : {}),
        ...(name === "status"
          ? { cell: (value) => h("span", { class: "status", "data-status": value }, value.replaceAll("_", " ")) }
          : {}),
      }));
    const ofPanel = ["dataset", "n", "dim", "workload", "k", "threads_search", "machine"].map((name) => ({
      title: name,
      isNumber: ["n", "dim", "k", "threads_search"].includes(name),
      get: (row) => panelOf(row)[name],
    }));
    const method = { title: "method", get: (row) => methodOf(row).name, cell: (_, row) => Legend.name(methodOf(row)) };
    const [status, ...others] = stored;
    return [method, status, ...ofPanel.slice(3, 4), ...others, ...ofPanel.filter(({ title }) => title !== "workload")];
  }

  function errorCell(error) {
    if (!error) return "";
    const path = error
      .trim()
      .split("\n")
      .at(-1)
      .replace(/^log: /, "");
    const log = Data.page.logs[path];
    const lines = error
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("log: "));
    return h(
      "details",
      { class: "error" },
      h("summary", {}, lines.at(-1) ?? ""),
      h("pre", {}, error),
      log && h("pre", { class: "log" }, log),
    );
  }

  return { title: "Runs", controls, headline, draw, isOfAll: true };
})();
