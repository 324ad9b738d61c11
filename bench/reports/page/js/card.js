"use strict";

// The card of a point: what was measured there, and the command that makes it again.
const Card = (() => {
  const { h } = Dom;
  const GAP = 14;
  const card = h("aside", { class: "card", hidden: true, "aria-live": "polite" });
  document.body.append(card);
  let isPinned = false;

  function facts(point) {
    const cost = (column) => Advice.cost(point, column);
    const low = point.y - point.spread;
    const high = point.y + point.spread;
    const repeats = point.rows.length;
    return [
      ["Recall", Format.recall(point.x)],
      [
        "QPS",
        repeats > 1
          ? `${Format.count(point.y)} (${Format.count(low)} to ${Format.count(high)})`
          : Format.count(point.y),
      ],
      [
        "Latency p50 / p95 / p99",
        `${["p50", "p95", "p99"].map((p) => Format.ms(cost(`latency_${p}_ms`))).join(" / ")} ms`,
      ],
      ["Build", `${Format.seconds(cost("build_seconds"))} s`],
      [
        "Memory, build / search",
        `${Format.mib(cost("build_memory_bytes"))} / ${Format.mib(cost("search_memory_bytes"))} MiB`,
      ],
      ["Index", `${Format.mib(cost("index_bytes"))} MiB`],
      ["Build parameters", Format.params(Data.value("build_params", point.rows[0]))],
      ["Search parameters", Format.params(Data.value("search_params", point.rows[0]))],
      ["Repeats", String(repeats)],
      ["Noise of the method", Format.percent(Data.entryOf(point.panel, point.method).noise[State.get("y")])],
    ];
  }

  /** Shows the card of a point beside a position on the screen, unless another one is pinned. */
  function show(point, [left, top]) {
    if (isPinned) return;
    card.replaceChildren(
      h(
        "header",
        {},
        Legend.name(point.method),
        h("button", { type: "button", class: "quiet close", "aria-label": "Close", onclick: close }, "×"),
      ),
      h(
        "dl",
        {},
        facts(point).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
      ),
      h("code", {}, Commands.of(point)),
      Commands.button("Copy the command", point),
      h("p", { class: "hint" }, "Click the point to keep this open."),
    );
    card.hidden = false;
    const { width, height } = card.getBoundingClientRect();
    const isRoomy = left + GAP + width < innerWidth;
    card.style.left = `${Math.max(8, isRoomy ? left + GAP : left - GAP - width)}px`;
    card.style.top = `${Math.max(8, Math.min(top - height / 3, innerHeight - height - 8))}px`;
  }

  function hide() {
    if (!isPinned) card.hidden = true;
  }

  /** Keeps the card open until it is closed. */
  function pin() {
    isPinned = true;
    card.classList.add("pinned");
    card.querySelector(".copy").focus();
  }

  function close() {
    isPinned = false;
    card.classList.remove("pinned");
    hide();
  }

  addEventListener("keydown", (event) => event.key === "Escape" && close());
  addEventListener("scroll", hide, { passive: true });

  return { show, hide, pin, close };
})();
