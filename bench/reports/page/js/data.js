"use strict";

// The rows of the store. They are sorted by panel, method and point, so that each of these is a range of rows.
const Data = (() => {
  const page = JSON.parse(document.getElementById("data").textContent);
  const byName = new Map(page.columns.map((column) => [column.name, column]));

  const at = (column, row) => (column.codes ? column.values[column.codes[row]] : column.values[row]);
  const length = (column) => (column.codes ?? column.values).length;

  /** Returns the value of a column in a row; null where it is unknown or the store lacks the column. */
  function value(name, row) {
    const column = byName.get(name);
    return column ? at(column, row) : null;
  }

  const rows = d3.range(length(byName.get("panel")));
  const panels = page.panels.map((panel, id) => ({ ...panel, id }));
  const methods = page.methods.map((method, id) => {
    const isCompared = page.stores.length > 1;
    const name = isCompared ? `${method.label} · ${method.store}` : method.label;
    return {
      ...method,
      id,
      name,
      key: [method.algorithm, method.storage, ...(isCompared ? [method.store] : [])].join("/"),
    };
  });
  const groups = d3.group(
    rows,
    (row) => value("panel", row),
    (row) => value("method", row),
    (row) => value("point", row),
  );
  const entries = new Map(page.entries.map((entry) => [`${entry.panel} ${entry.method}`, entry]));

  /** Returns the methods that have rows in a panel. */
  const methodsIn = (panel) => [...(groups.get(panel.id)?.keys() ?? [])].map((id) => methods[id]);

  /** Returns the rows of each point of a method in a panel. */
  const pointsIn = (panel, method) => groups.get(panel.id)?.get(method.id) ?? new Map();

  /** Returns what is said of a method in a panel: its noise, its failures, whether it serves the filter. */
  const entryOf = (panel, method) => entries.get(`${panel.id} ${method.id}`);

  /** Returns columns of a table as objects, a row each. */
  function records(columns) {
    if (!columns.length) return [];
    return d3.range(length(columns[0])).map((row) => Object.fromEntries(columns.map((c) => [c.name, at(c, row)])));
  }

  const hasRepeats = new Set(rows.map((row) => value("point", row))).size < rows.length;

  return {
    hasRepeats,
    page,
    rows,
    panels,
    methods,
    value,
    methodsIn,
    pointsIn,
    entryOf,
    records,
    has: (name) => byName.has(name),
  };
})();
