"use strict";

// Which methods stand out. At most eight do at first: those on the front of a panel, then their nearest rivals.
const Focus = (() => {
  const MOST = 8;
  const STEPS = d3.range(51).map((step) => 0.5 + step / 100);

  /**
   * Returns the methods with points in any of some panels, closest to the front first.
   *
   * Each has its greatest and its mean QPS relative to the best method, over recalls from 0.5: 1 is on the front.
   */
  function ranked(panels, x, y) {
    const order = new Map();
    for (const panel of panels) {
      const curves = Selection.methods(panel).map((method) => [method, STEPS.map(reader(panel, method, x, y))]);
      const best = STEPS.map((_, step) => d3.max(curves, ([, values]) => values[step]));
      for (const [method, values] of curves) {
        const ratios = values.map((value, step) => (value > 0 ? value / best[step] : 0));
        if (!Curves.points(panel, method, x, y).length) continue;
        const before = order.get(method) ?? { method, greatest: 0, mean: 0 };
        order.set(method, {
          method,
          greatest: Math.max(before.greatest, d3.max(ratios)),
          mean: Math.max(before.mean, d3.mean(ratios)),
        });
      }
    }
    return d3.sort(order.values(), (a, b) => d3.descending(a.greatest, b.greatest) || d3.descending(a.mean, b.mean));
  }

  function reader(panel, method, x, y) {
    const points = Curves.points(panel, method, x, y);
    return (recall) => Curves.bestAt(points, recall);
  }

  /** Returns the methods that stand out, as a set. */
  function methods(order) {
    const chosen = State.get("methods");
    const all = order.map(({ method }) => method);
    if (chosen === "all") return new Set(all);
    if (chosen === "front") return new Set(order.filter(({ greatest }) => greatest >= 1).map(({ method }) => method));
    if (Data.page.families.includes(chosen)) return new Set(all.filter((method) => method.family === chosen));
    if (chosen) {
      const keys = new Set(chosen.split(","));
      return new Set(all.filter((method) => keys.has(method.key)));
    }
    return new Set(all.slice(0, MOST));
  }

  /** Adds a method to those that stand out, or takes it away. */
  function toggle(method, current) {
    const keys = new Set([...current].map(({ key }) => key));
    if (!keys.delete(method.key)) keys.add(method.key);
    State.set({ methods: [...keys].join(",") || "none" });
  }

  return { MOST, ranked, methods, toggle };
})();
