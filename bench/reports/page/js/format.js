"use strict";

// Numbers as the tables of the command line have them, and with units.
const Format = (() => {
  const NONE = "–";
  const MIB = 2 ** 20;
  const orNone = (write) => (value) => (value == null || Number.isNaN(value) ? NONE : write(value));

  const count = orNone((value) => d3.format(",.0f")(value));
  const recall = orNone((value) => value.toFixed(4));
  const seconds = orNone((value) => d3.format(",.1f")(value));
  const mib = orNone((value) => d3.format(",.1f")(value / MIB));
  const ms = orNone((value) => value.toFixed(3));
  const percent = orNone((value) => `±${(100 * value).toFixed(0)}%`);
  const ratio = orNone((value) => (Number.isFinite(value) ? `${value.toFixed(2)}×` : "∞"));
  const power = orNone((value) => d3.format("+.2f")(value));
  const plain = orNone((value) => `${value}`);

  /** Returns a number with as few digits as say what it is, as on an axis. */
  const short = orNone((value) => (value >= 1000 ? d3.format(",.0f")(value) : d3.format(".3~g")(value)));
  /** Returns a tick of a logarithmic axis. */
  const tick = (value) =>
    value >= 1e6 ? `${short(value / 1e6)}M` : value >= 1e4 ? `${short(value / 1e3)}k` : short(value);

  /** Returns names in a sentence: "a, b and c". */
  function listed(names, last = "and") {
    return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;
  }

  /** Returns the names if they are few, otherwise the first ones and how many more there are. */
  const few = (names) => (names.length < 5 ? names : [...names.slice(0, 3), `${names.length - 3} more`]);

  /** Returns a count with its noun. */
  const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  /** Returns parameters, as JSON, in words. */
  function params(text) {
    try {
      return (
        Object.entries(JSON.parse(text))
          .map(([name, value]) => `${name} ${value}`)
          .join(", ") || NONE
      );
    } catch {
      return text ?? NONE;
    }
  }

  return {
    NONE,
    MIB,
    few,
    counted,
    capital,
    count,
    recall,
    seconds,
    mib,
    ms,
    percent,
    ratio,
    power,
    plain,
    short,
    tick,
    listed,
    params,
  };
})();
