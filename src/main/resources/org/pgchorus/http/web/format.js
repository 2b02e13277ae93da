// Numbers and times as people read them. Pure.

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

export function bytes(value) {
  if (value === null || value === undefined) {
    return "";
  }
  let unit = 0;
  let size = value;
  while (Math.abs(size) >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

export function seconds(value) {
  if (value === null || value === undefined) {
    return "";
  }
  const size = Math.abs(value);
  if (size < 1) {
    return `${Math.round(value * 1000)} ms`;
  }
  if (size < 120) {
    return `${value.toFixed(1)} s`;
  }
  return size < 7200 ? `${Math.round(value / 60)} min` : `${Math.round(value / 3600)} h`;
}

export function count(value) {
  return value === null || value === undefined ? "" : Math.round(value).toLocaleString("en");
}

export function rate(value) {
  if (value === null || value === undefined || Number.isNaN(value)) {
    return "";
  }
  return value >= 10 || value === 0 ? count(value) : value.toFixed(1);
}

export const plural = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;

/** The time of day of an ISO instant or of a server's timestamp, in this browser's zone. */
export function timeOfDay(text, fraction) {
  const moment = instant(text);
  if (moment === null) {
    return text ?? "";
  }
  const digits = fraction ? (/\.(\d+)/.exec(text)?.[1] ?? "0").padEnd(6, "0").slice(0, fraction) : "";
  return moment.toLocaleTimeString("en-GB") + (digits ? "." + digits : "");
}

/** Of "2026-11-20 14:16:16.123456+00" too; null if it is no time. */
export function instant(text) {
  if (!text) {
    return null;
  }
  const moment = new Date(text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"));
  return Number.isNaN(moment.getTime()) ? null : moment;
}

/** Micros of a server's timestamp, to compare stamps that differ within a millisecond. */
export function micros(text) {
  const moment = instant(text);
  if (moment === null) {
    return null;
  }
  const digits = (/\.(\d+)/.exec(text)?.[1] ?? "0").padEnd(6, "0").slice(0, 6);
  return Math.floor(moment.getTime() / 1000) * 1e6 + Number(digits);
}

/** A value of a row, or of a key, as JSON has it. */
export function value(it) {
  if (it === null) {
    return "NULL";
  }
  return typeof it === "object" ? JSON.stringify(it) : String(it);
}

export function key(it) {
  return it === null || it === undefined ? "" : Object.entries(it).map(([k, v]) => `${k}=${value(v)}`).join(", ");
}
