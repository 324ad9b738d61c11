"use strict";

// What all charts have in common: sizes, axes, and the point under the pointer or the arrow keys.
const Chart = (() => {
  const { h } = Dom;
  const TICKS = [0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1];
  const APART = 31; // pixels between two labels of recalls
  const LABEL_HEIGHT = 15;
  const LEAST = 240;
  const NARROW = 340; // pixels, of a chart among many
  const [NARROWEST, WIDEST, GAP] = [470, 700, 44]; // as in charts.css

  /** Returns the width of charts that stand beside each other, in pixels, so that their text keeps its size. */
  function width(narrowest = NARROWEST) {
    const space = document.getElementById("view").clientWidth;
    const columns = Math.max(1, Math.floor((space + GAP) / (narrowest + GAP)));
    const width = (space - GAP * (columns - 1)) / columns;
    return Math.round(Math.min(WIDEST, Math.max(LEAST, width))); // a page in the background may have no width yet
  }

  /** Returns whether there is room for names beside the curves. */
  const isRoomy = (width) => width > 360;

  /** Returns a chart of the plotting library with the looks of the page. */
  function plot({ title, ...options }) {
    const figure = Plot.plot({
      marginLeft: 52,
      marginRight: 16,
      marginTop: 14,
      marginBottom: 40,
      height: 330,
      ...options,
      color: { type: "identity" },
      symbol: { type: "identity" },
      style: { background: "none", fontFamily: "inherit", fontSize: "12px", overflow: "visible" },
    });
    figure.setAttribute("role", "img");
    figure.setAttribute("aria-label", title);
    // The parts of a picture have no names of their own to read out.
    for (const part of figure.querySelectorAll("g[aria-label]")) {
      part.dataset.mark = part.getAttribute("aria-label");
      part.removeAttribute("aria-label");
    }
    return figure;
  }

  /** Returns the axis of recalls, a number of pixels long, by the cube root of the missed fraction. */
  function recallAxis(least, pixels) {
    const place = (recall) => pixels * (1 - Math.cbrt((1 - recall) / (1 - least)));
    const ticks = TICKS.filter((recall) => recall >= least);
    const labelled = [1];
    for (const recall of ticks.toReversed()) {
      if (place(labelled.at(-1)) - place(recall) > APART) labelled.push(recall);
    }
    return {
      scale: { type: "pow", exponent: 1 / 3, domain: [1 - least, 0], insetRight: 10, insetLeft: 8 },
      marks: [
        Plot.gridX(
          ticks.map((recall) => 1 - recall),
          { stroke: "var(--grid)", strokeOpacity: 1 },
        ),
        Plot.axisX(
          labelled.map((recall) => 1 - recall),
          {
            text: (missed) => String(Number((1 - missed).toFixed(4))),
            tickSize: 0,
            tickPadding: 8,
            label: null,
          },
        ),
      ],
    };
  }

  /** Returns the scale and the marks of a logarithmic axis that contains some values; `side` is "x" or "y". */
  function logAxis(side, values, format = Format.tick) {
    const [low, high] = d3.extent(values.filter((value) => value > 0));
    if (low == null) return { scale: { type: "linear", domain: [0, 1] }, marks: [] };
    const pad = Math.max(1.3, Math.sqrt((5 * low) / high));
    const scale = { type: "log", domain: [low / pad, high * pad] };
    const powers = d3
      .range(Math.floor(Math.log10(scale.domain[0])), Math.log10(scale.domain[1]) + 1)
      .map((e) => 10 ** e);
    const steps = high / low > 300 ? [1] : [1, 2, 5];
    const ticks = powers
      .flatMap((power) => steps.map((step) => step * power))
      .filter((tick) => tick >= scale.domain[0] && tick <= scale.domain[1]);
    const [grid, axis] = side === "x" ? [Plot.gridX, Plot.axisX] : [Plot.gridY, Plot.axisY];
    return {
      scale,
      marks: [
        grid(ticks, { stroke: "var(--grid)", strokeOpacity: 1 }),
        axis(ticks, { text: format, tickSize: 0, tickPadding: 8, label: null }),
      ],
    };
  }

  /** Returns vertical positions of labels, in pixels, moved apart until none overlaps another. */
  function apart(positions, low, high) {
    const order = d3.sort(d3.range(positions.length), (at) => positions[at]);
    const moved = [...positions];
    order.forEach((at, rank) => {
      if (rank) moved[at] = Math.max(moved[at], moved[order[rank - 1]] + LABEL_HEIGHT);
    });
    let limit = high;
    for (const at of order.toReversed()) {
      moved[at] = Math.max(Math.min(moved[at], limit), low);
      limit = moved[at] - LABEL_HEIGHT;
    }
    return moved;
  }

  /**
   * Returns a chart in a frame, with the card of the point under the pointer.
   *
   * `figure` has a pointer mark, whose data are points; `points` are all of them, in the order of the arrow keys.
   */
  function framed(figure, { title, facts = "", points, x, y, label, below = null }) {
    const frame = h(
      "figure",
      { class: "panel" },
      h("figcaption", {}, h("strong", {}, title), facts && h("span", { class: "facts" }, facts)),
      h("div", { class: "axis-title" }, label),
      figure,
      below,
    );
    const place = (point) => {
      const box = figure.getBoundingClientRect();
      const ratio = box.width / figure.viewBox.baseVal.width;
      return [
        box.left + ratio * figure.scale("x").apply(x(point)),
        box.top + ratio * figure.scale("y").apply(y(point)),
      ];
    };
    figure.addEventListener("input", () => (figure.value ? Card.show(figure.value, place(figure.value)) : Card.hide()));
    figure.addEventListener("click", () => figure.value && Card.pin());
    figure.setAttribute("tabindex", 0);
    let at = -1;
    figure.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (step && points.length) {
        at = (at + step + points.length) % points.length;
        Card.show(points[at], place(points[at]));
        event.preventDefault();
      } else if (event.key === "Enter" && at >= 0) {
        Card.pin();
        event.preventDefault();
      }
    });
    return frame;
  }

  return { NARROW, width, isRoomy, plot, recallAxis, logAxis, apart, framed };
})();
