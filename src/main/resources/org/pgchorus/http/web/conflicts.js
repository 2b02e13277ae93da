// Conflicts as they come: a list, and one with both versions side by side, who won and why.

import {Table, byId, el, say} from "./dom.js";
import {key, micros, plural, timeOfDay, value} from "./format.js";
import {colours} from "./words.js";

const SHOWN = 12;
const SHOWN_NARROW = 4;
/** Time to read one before the next is shown by itself. */
const READ_MILLIS = 4000;

/** Of a longer value only the beginning is shown: it would push everything else off the page. */
const LONGEST = 240;

function shortened(text) {
  return text.length <= LONGEST ? text
      : `${text.slice(0, LONGEST)} … (${plural(text.length, "character")})`;
}

/** local, remote, both or none. */
function winner(conflict) {
  switch (conflict.resolution) {
    case "apply_remote": return "remote";
    case "keep_local": return "local";
    case "combined": return "both";
    default: return "none";
  }
}

const writer = (stamp) => stamp?.node ?? "?";

export function winnerName(conflict) {
  switch (winner(conflict)) {
    case "remote": return writer(conflict.remote_stamp);
    case "local": return conflict.local_stamp ? writer(conflict.local_stamp) : "what stood there";
    case "both": return "both, combined";
    default: return "not decided";
  }
}

/** Why, in a sentence. */
export function why(conflict) {
  const side = winner(conflict);
  if (side === "none") {
    return "The policy leaves it to a person: pgchorus link show, then link skip.";
  }
  if (conflict.policy === "apply_remote") {
    return "The policy apply_remote lets what comes win.";
  }
  if (conflict.policy === "keep_local") {
    return "The policy keep_local lets what stands there win.";
  }
  if (side === "both") {
    return `The policy ${conflict.policy} made one row of both.`;
  }
  if (conflict.policy !== "last_update_wins") {
    return `The policy ${conflict.policy} decided so.`;
  }
  const local = micros(conflict.local_stamp?.time);
  const remote = micros(conflict.remote_stamp?.time);
  if (local === null || remote === null) {
    return "The last update wins; of one side no time is known, so the other is later.";
  }
  const apart = Math.abs(remote - local);
  if (apart === 0) {
    return "Both were written in the same microsecond: the node with the higher id wins.";
  }
  const time = apart < 1000 ? `${apart} µs` : apart < 1e6 ? `${(apart / 1000).toFixed(1)} ms`
      : `${(apart / 1e6).toFixed(1)} s`;
  if ((remote > local) !== (side === "remote")) {
    return "Both are of one writer, and its own order counts, not its clock.";
  }
  return `The last update wins: ${winnerName(conflict)} wrote ${time} later.`;
}

export class Conflicts {
  #list;
  #all = [];
  #chosen = null;
  #shown = "";
  #since = 0;
  #undo;

  /** undo: called with a conflict when its button is pressed. */
  constructor(undo) {
    this.#undo = undo;
    this.#list = new Table(byId("conflict-list"), {
      label: "The newest conflicts",
      empty: "No conflict yet.",
      key: (it) => it.id,
      columns: [
        {title: "Time", of: (it) => timeOfDay(it.time, 3)},
        {title: "Table", of: (it) => it.table.replace(/^public\./, "")},
        {title: "Key", of: (it) => ({text: key(it.key), class: "clip", title: key(it.key)})},
        {title: "Kind", of: (it) => it.type},
        {title: "Won", of: (it) => winnerName(it)},
        {title: "", hint: "Show", of: (it, made) => this.#button(it, made)},
      ],
    });
    byId("follow").addEventListener("change", () => this.#draw());
  }

  #button(conflict, made) {
    const button = made ?? el("button", {
      type: "button",
      onclick: () => {
        byId("follow").checked = false;
        this.#chosen = conflict;
        this.#draw();
      },
    }, "Show");
    button.setAttribute("aria-label", `Show conflict ${conflict.id}`);
    button.setAttribute("aria-pressed", String(this.#chosen?.id === conflict.id));
    return button;
  }

  take(conflicts) {
    this.#all = conflicts;
    this.#draw();
  }

  count(status) {
    const all = status.links.reduce((sum, link) => sum + link.conflicts, 0);
    say(byId("conflict-count"), `${plural(all, "conflict")} since the daemons began`);
    // One that came while another was read is due by now, also if no more come.
    this.#draw();
  }

  #draw() {
    const follows = byId("follow").checked;
    byId("conflict").setAttribute("aria-live", follows ? "off" : "polite");
    const read = performance.now() - this.#since > READ_MILLIS;
    if (this.#chosen === null || follows && read) {
      this.#chosen = this.#all[0] ?? null;
      this.#since = performance.now();
    }
    const narrow = matchMedia("(max-width: 720px)").matches;
    this.#list.show(this.#all.slice(0, narrow ? SHOWN_NARROW : SHOWN));
    const sign = this.#chosen ? this.#chosen.id : "";
    if (sign !== this.#shown) {
      this.#shown = sign;
      byId("conflict").replaceChildren(...(this.#chosen ? this.#detail(this.#chosen) : []));
    }
  }

  #detail(conflict) {
    const side = winner(conflict);
    const rows = [...new Set([...Object.keys(conflict.local ?? {}), ...Object.keys(conflict.remote ?? {})])];
    const head = (stamp, what, won) => el("th", {scope: "col", class: won ? "won" : "lost"},
        el("span", {class: `dot fill${colours.place(writer(stamp))}`}),
        `${what}, ${stamp ? `written on ${writer(stamp)}` : "nothing known"}`,
        el("small", {}, stamp?.time ? timeOfDay(stamp.time, 6) : ""),
        el("strong", {class: "badge"}, won ? "stands" : "gives way"));
    const cell = (row, column, won, differs) => {
      const known = row && Object.hasOwn(row, column);
      return el("td", {class: `${won ? "won" : "lost"}${differs ? " differs" : ""}`},
          row === null ? "–" : known ? shortened(value(row[column])) : "(not sent)");
    };
    const local = side === "local" || side === "both";
    const remote = side === "remote" || side === "both";
    const body = rows.map((column) => {
      const differs = value(conflict.local?.[column] ?? null) !== value(conflict.remote?.[column] ?? null);
      return el("tr", {}, el("th", {scope: "row"}, column),
          cell(conflict.local, column, local, differs), cell(conflict.remote, column, remote, differs));
    });
    const gone = (row) => row === null ? "deleted, or no row" : "";
    if (conflict.local === null || conflict.remote === null) {
      body.push(el("tr", {}, el("th", {scope: "row"}, "row"),
          el("td", {}, gone(conflict.local)), el("td", {}, gone(conflict.remote))));
    }
    return [
      el("h3", {}, `${conflict.table} `, el("code", {}, key(conflict.key))),
      el("p", {class: "small muted"}, `${conflict.id} · ${conflict.type} · decided on ${conflict.node} at `
          + timeOfDay(conflict.time, 3)),
      el("p", {class: "why"}, el("strong", {}, `${winnerName(conflict)} won. `), why(conflict)),
      el("table", {class: "versions"}, el("caption", {class: "hidden"}, "Both versions by column"),
          el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "column"),
              head(conflict.local_stamp, "stood there", local), head(conflict.remote_stamp, "came", remote))),
          el("tbody", {}, ...body)),
      el("p", {}, el("button", {type: "button", id: "undo", onclick: () => this.#undo(conflict)},
          "Undo: let the other version stand …")),
    ];
  }
}
