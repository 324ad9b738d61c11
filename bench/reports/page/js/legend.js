"use strict";

// The legend: a button per method that makes it stand out, and buttons for groups of them.
const Legend = (() => {
  const { h } = Dom;
  const svg = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  /** Returns a short line with the marker of a method. */
  function swatch(method) {
    const picture = svg("svg", { width: 26, height: 12, viewBox: "-13 -6 26 12", "aria-hidden": "true" });
    picture.append(
      svg("line", {
        x1: -13,
        x2: 13,
        stroke: Theme.line(method),
        "stroke-width": 2,
        "stroke-dasharray": Theme.dashes(method),
      }),
      svg("path", { d: d3.symbol(Theme.symbol(method), 42)(), fill: Theme.fill(method), stroke: Theme.stroke(method) }),
    );
    return picture;
  }

  /** Returns a method's name with its swatch. */
  const name = (method) => h("span", { class: "method" }, swatch(method), method.name);

  function make(order, focused) {
    const families = Data.page.families.filter((family) => order.some(({ method }) => method.family === family));
    const groups = [
      ["", `Best ${Math.min(Focus.MOST, order.length)}`],
      ["all", "All"],
      ["front", "On the front"],
      ...(families.length > 1 ? families.map((family) => [family, Format.capital(family)]) : []),
    ];
    const chips = order.map(({ method }) =>
      h(
        "button",
        {
          type: "button",
          class: "chip",
          id: `chip-${method.id}`,
          "aria-pressed": String(focused.has(method)),
          onclick: () => Focus.toggle(method, focused),
        },
        swatch(method),
        method.name,
      ),
    );
    return h(
      "div",
      { class: "legend" },
      Controls.buttons("methods", "Methods", groups),
      h("div", { class: "chips", role: "group", "aria-label": "Methods that stand out" }, chips),
    );
  }

  return { make, name, swatch };
})();
