"use strict";

// The command that makes a point again, from the parts that bench/reports/commands.py wrote.
const Commands = (() => {
  const CONFIRMED = 1500; // ms

  /** Returns the command of a point of a figure. */
  function of({ panel, method, rows: [row] }) {
    const { build, search } = Data.page.words;
    const words = [
      panel.command,
      method.command,
      build[Data.value("build_params", row)],
      search[Data.value("search_params", row)],
    ];
    return words.filter((part) => part).join(" ");
  }

  /** Returns a button that copies the command of a point, and says that it did. */
  function button(label, point) {
    const element = Dom.h("button", { type: "button", class: "quiet copy", onclick: copy }, label);
    async function copy() {
      await navigator.clipboard.writeText(of(point));
      element.textContent = "Copied";
      setTimeout(() => {
        element.textContent = label;
      }, CONFIRMED);
    }
    return element;
  }

  return { of, button };
})();
