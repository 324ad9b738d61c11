"use strict";

// The mathematics of bench/results/curves.py and ranking.py: means over repeats, fronts, values at a recall, and ties.
const Curves = (() => {
  const computed = new Map();

  /** Returns the mean of a column over rows that have a value; null if none has. */
  function mean(rows, column) {
    const values = rows.map((row) => Data.value(column, row)).filter((value) => value != null);
    return values.length ? d3.mean(values) : null;
  }

  /** Returns the points of a method in a panel: means over the repeats that ended well and have both values. */
  function points(panel, method, x, y) {
    const key = `${panel.id} ${method.id} ${x} ${y}`;
    if (!computed.has(key)) computed.set(key, compute(panel, method, x, y));
    return computed.get(key);
  }

  function compute(panel, method, x, y) {
    const all = [...Data.pointsIn(panel, method)].map(([id, rows]) => {
      const good = rows.filter(
        (row) => Data.value("status", row) === "ok" && Data.value(x, row) != null && Data.value(y, row) != null,
      );
      if (!good.length) return null;
      const spread = d3.deviation(good, (row) => Data.value(y, row)) ?? 0;
      return { id, panel, method, rows: good, x: mean(good, x), y: mean(good, y), spread };
    });
    return all.filter((point) => point);
  }

  /** Returns the points that no other beats in both x and y, by rising x. */
  function front(points) {
    const kept = [];
    for (const point of d3.sort(points, (a, b) => d3.descending(a.x, b.x) || d3.descending(a.y, b.y))) {
      if (!kept.length || point.y > kept.at(-1).y) kept.push(point);
    }
    return kept.reverse();
  }

  /** Returns the best y where x is at least the target, along the front and linear in log y; NaN past its end. */
  function bestAt(points, target) {
    const line = front(points);
    if (!line.length || target > line.at(-1).x) return NaN;
    const next = line.findIndex((point) => point.x >= target);
    if (next === 0 || line[next].x === target) return line[next].y;
    const [a, b] = [line[next - 1], line[next]];
    const slope = (Math.log(b.y) - Math.log(a.y)) / (b.x - a.x);
    return Math.exp(Math.log(a.y) + slope * (target - a.x));
  }

  /** Returns candidates ({throughput, noise}) in groups of equal place, the fastest first. */
  function places(candidates) {
    let remaining = d3.sort(
      candidates.filter((one) => one.throughput > 0),
      (one) => -one.throughput,
    );
    const groups = [];
    while (remaining.length) {
      const first = remaining[0];
      const isTied = (one) => one === first || first.throughput / one.throughput <= (1 + first.noise) * (1 + one.noise);
      groups.push(remaining.filter(isTied));
      remaining = remaining.filter((one) => !isTied(one));
    }
    return groups;
  }

  return { mean, points, front, bestAt, places };
})();
