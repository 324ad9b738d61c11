"use strict";

// What the reader sets. Every control is bound to a key of the state.
const Controls = (() => {
  const { h } = Dom;

  const labelled = (label, control, extra = null) =>
    h("label", { class: "control" }, h("span", {}, label), control, extra);

  /** Returns a choice of one of the options, [value, title] each. */
  function choice(key, label, options, selected = State.get(key)) {
    const items = options.map(([value, title]) => h("option", { value, selected: value === selected }, title));
    const change = (event) => State.set({ [key]: event.target.value });
    return labelled(label, h("select", { id: `control-${key}`, onchange: change }, items));
  }

  /** Returns a row of buttons, of which one is pressed. */
  function buttons(key, label, options) {
    const items = options.map(([value, title]) =>
      h(
        "button",
        {
          type: "button",
          id: `control-${key}-${value || "default"}`,
          "aria-pressed": String(State.get(key) === value),
          onclick: () => State.set({ [key]: value }),
        },
        title,
      ),
    );
    return h(
      "div",
      { class: "control", role: "group", "aria-label": label },
      h("span", {}, label),
      h("div", { class: "segments" }, items),
    );
  }

  /** Returns a switch between two values of a key. */
  function toggle(key, label, on, off) {
    const change = (event) => State.set({ [key]: event.target.checked ? on : off });
    return h(
      "label",
      { class: "control toggle" },
      h("input", { type: "checkbox", id: `control-${key}`, checked: State.get(key) === on, onchange: change }),
      h("span", {}, label),
    );
  }

  /**
   * Returns a slider over positions 0 to 1000.
   *
   * `write` gives the text of a position, `value` what the state keeps of it, and `position` the way back.
   */
  function slider(key, label, { write, value, position }) {
    const output = h("output", { for: `control-${key}` });
    const input = h("input", {
      type: "range",
      id: `control-${key}`,
      min: 0,
      max: 1000,
      step: 1,
      value: position(State.get(key)),
      oninput: () => {
        tell();
        State.set({ [key]: value(input.valueAsNumber) }, { keepControls: true });
      },
    });
    const tell = () => {
      output.textContent = write(input.valueAsNumber);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    tell();
    return labelled(label, input, output);
  }

  /** Returns the slider of the recall, which opens up the high recalls like the axis of the charts. */
  function recall() {
    const value = (position) => {
      const exact = 1 - (1 - position / 1000) ** 3;
      return String(Number(exact.toFixed(exact > 0.99 ? 4 : exact > 0.9 ? 3 : 2)));
    };
    return slider("recall", "Recall", {
      write: (position) => value(position),
      value,
      position: (text) => Math.round(1000 * (1 - Math.cbrt(1 - Number(text)))),
    });
  }

  /** Returns a field for a number in a unit, empty for none. */
  function limit(key, label, unit) {
    const change = (event) => State.set({ [key]: event.target.value }, { keepControls: true });
    return labelled(
      label,
      h("input", {
        type: "number",
        id: `control-${key}`,
        min: 0,
        step: "any",
        placeholder: "any",
        value: State.get(key),
        oninput: change,
      }),
      h("span", { class: "unit" }, unit),
    );
  }

  /** Returns a field for text. */
  function text(key, label, placeholder) {
    const change = (event) => State.set({ [key]: event.target.value }, { keepControls: true });
    return labelled(
      label,
      h("input", { type: "search", id: `control-${key}`, placeholder, value: State.get(key), oninput: change }),
    );
  }

  return { choice, buttons, toggle, slider, recall, limit, text };
})();
