"use strict";

// Colours and symbols of methods: those of the static figures, as variables that follow the light or dark scheme.
const Theme = (() => {
  const LIGHTEST = 62; // of a line on light paper, in CIELAB; darker text needs less
  const DARKEST = 66; // of a line on dark paper
  const TEXT = { lightest: 44, darkest: 74 };
  // Matplotlib's markers, as polygons: the number of corners, and by how far they are turned from a corner on top.
  const POLYGONS = {
    s: [4, 45],
    D: [4, 0],
    "^": [3, 0],
    v: [3, 180],
    "<": [3, 270],
    ">": [3, 90],
    p: [5, 0],
    h: [6, 0],
  };

  const limited = (color, low, high) => {
    const lab = d3.lab(color);
    lab.l = Math.min(Math.max(lab.l, low), high);
    return lab.formatHex();
  };
  const pair = (color, lightest, darkest) =>
    `light-dark(${limited(color, 0, lightest)}, ${limited(color, darkest, 100)})`;

  Data.methods.forEach(({ id, color }) => {
    document.documentElement.style.setProperty(`--line-${id}`, pair(color, LIGHTEST, DARKEST));
    document.documentElement.style.setProperty(`--text-${id}`, pair(color, TEXT.lightest, TEXT.darkest));
  });

  const line = (method) => `var(--line-${method.id})`;
  const text = (method) => `var(--text-${method.id})`;
  /** Returns the dashes of a method's line; those of a second store are short. */
  function dashes(method) {
    if (method.store !== Data.page.stores[0]) return "2 3";
    return { "--": "6 3", "-.": "7 3 2 3", ":": "1.5 3" }[method.linestyle] ?? "none";
  }

  const polygon = (corners, turn) => ({
    draw(context, size) {
      const radius = Math.sqrt(size / Math.PI) * (corners === 3 ? 1.35 : 1.2);
      for (const corner of d3.range(corners)) {
        const angle = ((turn - 90 + (360 * corner) / corners) * Math.PI) / 180;
        context[corner ? "lineTo" : "moveTo"](radius * Math.cos(angle), radius * Math.sin(angle));
      }
      context.closePath();
    },
  });
  const turned = (shape, degrees) => ({
    draw(context, size) {
      const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
      const at = (x, y) => [cos * x - sin * y, sin * x + cos * y];
      shape.draw(
        {
          moveTo: (x, y) => context.moveTo(...at(x, y)),
          lineTo: (x, y) => context.lineTo(...at(x, y)),
          closePath: () => context.closePath(),
        },
        size,
      );
    },
  });
  const others = { "*": d3.symbolStar, P: d3.symbolCross, X: turned(d3.symbolCross, 45) };
  const symbols = {
    ...others,
    ...Object.fromEntries(Object.entries(POLYGONS).map(([m, shape]) => [m, polygon(...shape)])),
  };
  /** Returns the filling of a marker: paper where the method's is hollow, pale where it is half full. */
  function fill(method) {
    if (method.fill === "full") return line(method);
    return method.fill === "none" ? "var(--paper)" : `color-mix(in oklab, ${line(method)} 45%, var(--paper))`;
  }
  const stroke = (method) => (method.fill === "full" ? "var(--paper)" : line(method));
  const symbol = (method) => symbols[method.marker] ?? d3.symbolCircle;

  /** Applies the scheme that the reader chose, or else that of the system. */
  const apply = () => document.documentElement.setAttribute("data-theme", State.get("theme") || "auto");

  return { line, fill, stroke, text, dashes, symbol, apply };
})();
