"use strict";

// The rules of bench/reports/advice.py: who reaches a recall within limits, fastest first, and why others drop out.
const Advice = (() => {
  const LIMITS = {
    memory: { what: "memory", unit: "MiB", of: (point) => memory(point), write: (v) => `${Format.mib(v)} MiB` },
    index: {
      what: "index",
      unit: "MiB",
      of: (point) => cost(point, "index_bytes"),
      write: (v) => `${Format.mib(v)} MiB`,
    },
    build: {
      what: "build time",
      unit: "s",
      of: (point) => cost(point, "build_seconds"),
      write: (v) => `${Format.seconds(v)} s`,
    },
    latency: {
      what: "95th percentile of latencies",
      unit: "ms",
      of: (point) => cost(point, "latency_p95_ms"),
      write: (v) => `${Format.ms(v)} ms`,
    },
  };

  const cost = (point, column) => Curves.mean(point.rows, column);
  const memory = (point) => {
    const parts = [cost(point, "build_memory_bytes"), cost(point, "search_memory_bytes")].filter((v) => v != null);
    return parts.length ? Math.max(...parts) : null;
  };
  const isWithin = (point, limits) =>
    Object.entries(limits).every(([name, most]) => {
      const value = LIMITS[name].of(point);
      return value != null && value <= most;
    });

  /** Returns the choices, best first, and the dropouts of a panel. `limits` has the most of each key of LIMITS. */
  function advise(panel, methods, x, y, recall, limits) {
    const candidates = methods.map((method) => {
      const points = Curves.points(panel, method, x, y);
      const allowed = points.filter((point) => isWithin(point, limits));
      const noise = Data.entryOf(panel, method).noise[y];
      return { method, points, allowed, throughput: Curves.bestAt(allowed, recall), noise };
    });
    const choices = [];
    for (const group of Curves.places(candidates)) {
      const place = choices.length + 1;
      for (const one of group) {
        const reaching = one.allowed.filter((point) => point.x >= recall);
        choices.push({ ...one, place, isTied: group.length > 1, point: reaching[d3.maxIndex(reaching, (p) => p.y)] });
      }
    }
    const dropouts = candidates
      .filter((one) => !(one.throughput > 0))
      .map((one) => ({ method: one.method, reason: reason(panel, one, recall, limits) }));
    return { choices, dropouts };
  }

  function reason(panel, { method, points }, recall, limits) {
    if (!points.length) return withoutPoints(Data.entryOf(panel, method));
    const reaching = points.filter((point) => point.x >= recall);
    if (!reaching.length) return `it reaches a recall of ${Format.recall(d3.max(points, (p) => p.x))} only`;
    for (const [name, most] of Object.entries(limits)) {
      const least = d3.min(reaching, LIMITS[name].of);
      if (least == null) return `its ${LIMITS[name].what} was not measured`;
      if (least > most) return `its ${LIMITS[name].what} is at least ${LIMITS[name].write(least)} at this recall`;
    }
    return "no single setting meets all limits";
  }

  function withoutPoints(entry) {
    if (entry.unserved != null) return `it does not serve these filters${entry.unserved && ` (${entry.unserved})`}`;
    return entry.failed ?? "it has no recall, as no query has a match";
  }

  return { advise, LIMITS, cost, memory };
})();
