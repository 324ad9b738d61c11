"use strict";

// The page: a heading, the views, and below them the one that is looked at.
(() => {
  const { h } = Dom;
  const VIEWS = {
    compare: Compare,
    choose: Choose,
    where: Where,
    costs: Costs,
    latency: Latency,
    growth: Growth,
    observations: Observations,
    ...(Data.page.changes.length ? { changes: Changes } : {}),
    runs: Runs,
  };
  const THEMES = { "": "Auto", light: "Light", dark: "Dark" };

  const navigation = document.getElementById("views");
  const bar = document.getElementById("bar");
  const conditions = document.getElementById("conditions");
  const heading = document.getElementById("headline");
  const subtitle = document.getElementById("subtitle");
  const main = document.getElementById("view");

  const current = () => (VIEWS[State.get("view")] ? State.get("view") : "compare");

  function navigate() {
    navigation.replaceChildren(
      ...Object.entries(VIEWS).map(([key, { title }]) =>
        h(
          "button",
          {
            type: "button",
            id: `view-${key}`,
            "aria-current": key === current() ? "page" : null,
            onclick: () => State.set({ view: key }),
          },
          title,
        ),
      ),
    );
  }

  function drawBar(view) {
    const { controls, fixed } = view.isOfAll ? { controls: [], fixed: "" } : Selection.bar(view.needs);
    bar.replaceChildren(...controls, ...view.controls());
    bar.hidden = !bar.childElementCount;
    conditions.textContent = fixed;
  }

  function empty() {
    heading.textContent = "There are no results yet.";
    subtitle.textContent = `'${Data.page.stores.join("', '")}' holds no rows. 'python -m bench.run' makes some, and 'make bench' runs every method; then write this page again.`;
    main.replaceChildren();
    bar.hidden = true;
  }

  function render({ keepControls = false } = {}) {
    Theme.apply();
    navigate();
    Card.close();
    if (!Data.rows.length) return empty();
    const view = VIEWS[current()];
    const focused = document.activeElement?.id;
    if (!keepControls) drawBar(view);
    const [lead, explanation = ""] = view.headline();
    document.title = `${view.title} · fanns-bench`;
    heading.textContent = lead;
    subtitle.textContent = explanation;
    main.dataset.view = current();
    main.replaceChildren(...view.draw().filter((element) => element));
    if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
  }

  const theme = h(
    "button",
    {
      type: "button",
      class: "quiet",
      id: "theme",
      title: "Colour scheme",
      onclick: () => {
        const names = Object.keys(THEMES);
        State.set({ theme: names[(names.indexOf(State.get("theme")) + 1) % names.length] }, { keepControls: true });
        theme.textContent = THEMES[State.get("theme")];
      },
    },
    THEMES[State.get("theme")] ?? "Auto",
  );
  document
    .getElementById("tools")
    .append(theme, h("button", { type: "button", class: "quiet", onclick: () => print() }, "Print"));
  document.getElementById("stores").textContent = Data.page.stores.join(" and ");

  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) render({ keepControls: true });
    width = innerWidth;
  });
  State.listen(render);
  render();
})();
