"use strict";

// What is looked at. It is in the address behind the #, so that a view can be sent to a colleague.
const State = (() => {
  const DEFAULTS = {
    view: "compare",
    data: "",
    k: "",
    threads: "",
    machine: "",
    storage: "",
    workload: "",
    x: "recall",
    y: "qps",
    recall: String(Data.page.recall),
    methods: "",
    rest: "grey",
    bands: "on",
    from: "",
    filter: "",
    selectivity: "",
    memory: "",
    index: "",
    build: "",
    latency: "",
    axis: "",
    measure: "qps",
    cost: "build_seconds",
    grows: "",
    of: "qps",
    search: "",
    status: "",
    algorithm: "",
    sort: "",
    theme: "",
  };
  const listeners = [];
  let current = read();

  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    const values = Object.entries(DEFAULTS).map(([key, value]) => [key, given.get(key) ?? value]);
    const state = Object.fromEntries(values);
    const isRecall = Number(state.recall) >= 0 && Number(state.recall) <= 1;
    return isRecall ? state : { ...state, recall: DEFAULTS.recall };
  }

  /** Changes keys and draws again, unless silent; while a slider moves, the controls stay as they are. */
  function set(changes, { keepControls = false, isSilent = false } = {}) {
    current = { ...current, ...changes };
    const changed = Object.entries(current).filter(([key, value]) => value !== DEFAULTS[key]);
    history.replaceState(null, "", `#${new URLSearchParams(changed)}`);
    if (!isSilent) listeners.forEach((listen) => listen({ keepControls }));
  }

  addEventListener("hashchange", () => {
    current = read();
    listeners.forEach((listen) => listen({ keepControls: false }));
  });

  return { get: (key) => current[key], set, listen: (listener) => listeners.push(listener) };
})();
