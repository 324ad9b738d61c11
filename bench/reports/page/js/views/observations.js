"use strict";

// The paper's observations, and what the store says about each.
const Observations = (() => {
  const { h } = Dom;
  const MARKS = { holds: "✓", "does not hold": "✗", "not enough data": "–" };

  const all = () =>
    Object.entries(Data.page.observations).flatMap(([store, list]) =>
      list.map((one, at) => ({ ...one, store, number: at + 1 })),
    );

  function headline() {
    const counts = d3.rollup(
      all(),
      (group) => group.length,
      ({ conclusion }) => conclusion,
    );
    const said = (name) => counts.get(name) ?? 0;
    return [
      said("holds") + said("does not hold")
        ? `${said("holds")} of the paper's ${all().length} observations ${said("holds") === 1 ? "holds" : "hold"} here; ${said("does not hold")} ${said("does not hold") === 1 ? "does" : "do"} not.`
        : "The store has too little to judge the paper's observations.",
      `${said("not enough data")} need data that the store does not have. QPS are compared at a recall of ${Data.page.recall}.`,
    ];
  }

  function draw() {
    const isCompared = Data.page.stores.length > 1;
    return [
      h(
        "ol",
        { class: "observations" },
        all().map(({ claim, conclusion, evidence, store, number }) =>
          h(
            "li",
            { "data-conclusion": conclusion },
            h("span", { class: "mark", "aria-hidden": "true" }, MARKS[conclusion]),
            h(
              "div",
              {},
              h("p", { class: "claim" }, `${number}. ${Format.capital(claim)}.`),
              h("p", { class: "conclusion" }, isCompared ? `${store}: ${conclusion}` : conclusion),
              h(
                "ul",
                {},
                evidence.map((line) => h("li", {}, line)),
              ),
            ),
          ),
        ),
      ),
      Table.below({
        caption: "Observations",
        file: "observations",
        records: all(),
        columns: [
          { title: "store", get: ({ store }) => store },
          { title: "number", isNumber: true, get: ({ number }) => number, write: String },
          { title: "observation", get: ({ claim }) => claim },
          { title: "conclusion", get: ({ conclusion }) => conclusion },
          { title: "evidence", get: ({ evidence }) => evidence.join("; ") },
        ],
      }),
    ];
  }

  return { title: "Observations", controls: () => [], headline, draw, isOfAll: true };
})();
