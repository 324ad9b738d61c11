"use strict";

// The command that makes a point again, from the parts that bench/reports/commands.py wrote.
const Commands = (() => {
  /** Returns the command of a point of a figure. */
  function of(panel, method, row) {
    const { build, search } = Data.page.words;
    const words = [
      panel.command, method.command,
      build[Data.value("build_params", row)], search[Data.value("search_params", row)],
    ];
    return words.filter((part) => part).join(" ");
  }

  /** Copies a text, and says in the button that it did. */
  async function copy(text, button) {
    await navigator.clipboard.writeText(text);
    const label = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  }

  return { of, copy };
})();
