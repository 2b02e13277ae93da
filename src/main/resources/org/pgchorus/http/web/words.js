// What states mean, in colour and in words; the same on the map and in tables. Pure.

const LATE_SECONDS = 10;
const LONG_REASON = 60;

/** good, warn, calm or bad. */
export function linkMood(link) {
  if (link.held_changes > 0) {
    return "bad";
  }
  switch (link.state) {
    case "streaming": return (link.lag_seconds ?? 0) > LATE_SECONDS ? "warn" : "good";
    case "paused": return "calm";
    case "starting": return "warn";
    default: return "bad";
  }
}

export function linkWords(link) {
  const held = link.held_changes > 0 ? `, holds ${link.held.map((it) => it.table).join(", ")}` : "";
  const late = linkMood(link) === "warn" && link.state === "streaming" ? ", late" : "";
  return link.state + late + held;
}

export function nodeMood(node) {
  if (node.state === "joining") {
    return "warn";
  }
  if (node.state !== "ready" && node.state !== "following") {
    return "bad";
  }
  return node.paused || node.read_only ? "calm" : node.problem ? "warn" : "good";
}

export function nodeWords(node) {
  return [node.state, node.paused ? "paused" : "", node.read_only ? "read-only" : ""]
      .filter((it) => it).join(", ");
}

/** Why balancers send no writers there; a follower never takes any. */
export function writableWords(node) {
  if (node.state === "following") {
    return {text: "follows", class: "muted"};
  }
  const reasons = node.reasons.join("; ") || "not ready";
  return node.writable ? {text: "yes", class: "good"}
      : {text: `no: ${node.reasons.map(brief).join("; ") || "not ready"}`, class: "bad", title: reasons};
}

/** What stands before the details of a long reason; those are among the problems. */
function brief(reason) {
  const colon = reason.indexOf(": ");
  return reason.length > LONG_REASON && colon > 0 ? reason.slice(0, colon) : reason;
}

/** A colour for each node that stays the same, by its place among the names. */
export class Colours {
  #names = [];

  of(name) {
    let place = this.#names.indexOf(name);
    if (place < 0) {
      place = this.#names.push(name) - 1;
    }
    return getComputedStyle(document.documentElement).getPropertyValue(`--node${place % 8 + 1}`).trim();
  }

  place(name) {
    this.of(name);
    return this.#names.indexOf(name) % 8 + 1;
  }
}

export const colours = new Colours();
