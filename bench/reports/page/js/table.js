"use strict";

// A table that sorts by any column, shows long contents in steps, and gives what it shows as CSV.
const Table = (() => {
  const { h, download } = Dom;
  const STEP = 200;
  const LONG = 60; // characters, from which a text is cut to three lines

  /**
   * Returns a table. Each column has a `title`, `get` (its value for a record), and optionally `write` (that value as
   * text), `cell` (that value as an element), `isNumber` and `about`.
   */
  function make({ caption, columns, records, file, sort = null, onSort = () => {} }) {
    let [by, direction] = sort ?? [null, 1];
    let shown = STEP;
    const count = h("span", { class: "count", role: "status" });
    const body = h("tbody");
    const more = h(
      "button",
      {
        type: "button",
        class: "quiet",
        onclick: () => {
          shown += STEP;
          fill();
        },
      },
      "Show more",
    );
    const headers = columns.map((column) => header(column));
    const table = h(
      "table",
      {},
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, headers)),
      body,
    );

    function header(column) {
      const button = h("button", { type: "button", title: column.about, onclick: () => order(column) }, column.title);
      return h("th", { scope: "col", class: column.isNumber ? "number" : null }, button);
    }

    function order(column) {
      direction = by === column.title ? -direction : column.isNumber ? -1 : 1;
      by = column.title;
      onSort(by, direction);
      fill();
    }

    function ordered() {
      const column = columns.find(({ title }) => title === by);
      if (!column) return records;
      const isUnknown = (value) => value == null || Number.isNaN(value) || value === "";
      const compare = direction > 0 ? d3.ascending : d3.descending;
      return d3.sort(records, (a, b) => {
        const [x, y] = [column.get(a), column.get(b)];
        return isUnknown(x) - isUnknown(y) || (isUnknown(x) ? 0 : compare(x, y));
      });
    }

    function cell(column, record) {
      const value = column.get(record);
      const content = column.cell ? column.cell(value, record) : clamped((column.write ?? Format.plain)(value));
      return h("td", { class: column.isNumber ? "number" : null }, content);
    }

    const clamped = (text) => (text.length > LONG ? h("span", { class: "clamped", title: text }, text) : text);

    function fill() {
      headers.forEach((element, number) => {
        const isOrdered = columns[number].title === by;
        element.setAttribute("aria-sort", isOrdered ? (direction > 0 ? "ascending" : "descending") : "none");
      });
      const visible = ordered().slice(0, shown);
      body.replaceChildren(
        ...visible.map((record) =>
          h(
            "tr",
            {},
            columns.map((column) => cell(column, record)),
          ),
        ),
      );
      count.textContent =
        visible.length < records.length
          ? `${Format.count(visible.length)} of ${Format.count(records.length)} rows`
          : `${Format.count(records.length)} row${records.length === 1 ? "" : "s"}`;
      more.hidden = visible.length === records.length;
    }

    const csv = () => {
      const lines = ordered().map((record) => columns.filter((c) => !c.isAction).map((c) => c.get(record)));
      return d3.csvFormatRows([columns.filter((c) => !c.isAction).map((c) => c.title), ...lines]);
    };
    const save = h(
      "button",
      { type: "button", class: "quiet", onclick: () => download(`${file}.csv`, "text/csv", csv()) },
      "CSV",
    );
    fill();
    const scroller = h("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": caption }, table);
    return h("div", { class: "table" }, h("div", { class: "above" }, count, save), scroller, more);
  }

  /** Returns the table of a chart, folded. */
  function below({ summary = "The numbers", ...options }) {
    return h("details", { class: "numbers" }, h("summary", {}, summary), make(options));
  }

  return { make, below };
})();
