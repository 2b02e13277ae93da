// Tables of nodes, links, slots, held tables and the rest, filled from each status.

import {Table, byId, el, say} from "./dom.js";
import {bytes, count, key, plural, rate, seconds, timeOfDay} from "./format.js";
import {linkMood, linkWords, nodeMood, nodeWords, writableWords} from "./words.js";

const SKEW_WARN_SECONDS = 1;
const HISTORY_SHOWN = 100;

/** May be broken anywhere, so that it does not make a table wide. */
const long = (cell) => ({...cell, class: `${cell.class ?? ""} long`});
const link = (it) => `${it.from} → ${it.to}`;

export class Panels {
  #nodes;
  #links;
  #slots;
  #held;
  #displaced;
  #tables;
  #history;
  #happened = [];
  #written;

  /** written: transactions/s of a node. */
  constructor(written) {
    this.#written = written;
    this.#nodes = new Table(byId("node-table"), {
      label: "Nodes", key: (it) => it.name,
      columns: [
        {title: "Node", of: (it) => ({text: it.name, title: it.address})},
        {title: "State", of: (it) => ({text: nodeWords(it), class: nodeMood(it), title: it.problem ?? ""})},
        {title: "Takes writers", of: (it) => long(writableWords(it))},
        {title: "Writes/s", number: true, of: (it) => rate(this.#written(it.name))},
        {title: "Version", of: (it) => (it.version ?? "").replace(/ .*/, "")},
        {title: "Tombstones", number: true, of: (it) => count(it.tombstones)},
        {title: "Clock", of: (it) => clock(it)},
      ],
    });
    this.#links = new Table(byId("link-table"), {
      label: "Links", key: link,
      columns: [
        {title: "Link", of: link},
        {title: "State", of: (it) => long({text: linkWords(it), class: linkMood(it)})},
        {title: "Behind", number: true, of: (it) => seconds(it.lag_seconds)},
        {title: "Lag", number: true, of: (it) => ({text: bytes(it.lag_bytes),
          title: it.lag_transactions === null ? "" : `about ${plural(it.lag_transactions, "transaction")}`})},
        {title: "Applied", number: true, of: (it) => count(it.applied_transactions)},
        {title: "Changes", number: true, of: (it) => count(it.applied_changes)},
        {title: "Conflicts", number: true, of: (it) => count(it.conflicts)},
        {title: "Held", number: true, of: (it) => count(it.held_changes)},
        {title: "Clock ahead", number: true, of: (it) => ({text: seconds(it.skew_seconds),
          class: Math.abs(it.skew_seconds ?? 0) > SKEW_WARN_SECONDS ? "warn" : ""})},
        {title: "Reason", of: (it) => long({text: it.reason})},
      ],
    });
    this.#slots = new Table(byId("slot-table"), {
      label: "Slots and WAL", key: link, empty: "No slot is known.",
      columns: [
        {title: "Kept for", of: link},
        {title: "Slot", of: (it) => ({text: it.slot_name, class: "clip", title: it.slot_name ?? ""})},
        {title: "Used", of: (it) => it.active === null ? "" : it.active
            ? {text: `by process ${it.active_pid ?? "?"}`} : {text: "by nobody", class: "warn"}},
        {title: "WAL kept", number: true, of: (it) => ({text: bytes(it.retained_bytes),
          bar: it.budget_bytes ? it.retained_bytes / it.budget_bytes : null,
          title: it.budget_bytes ? `${bytes(it.retained_bytes)} of ${bytes(it.budget_bytes)}` : ""})},
        {title: "Budget", number: true, of: (it) => bytes(it.budget_bytes)},
        {title: "Server would keep", number: true,
          of: (it) => it.safe_bytes === null ? "no limit" : `${bytes(it.safe_bytes)} more`},
        {title: "WAL", of: (it) => ({text: it.wal_status,
          class: it.wal_status === "lost" ? "bad" : it.wal_status === "unreserved" ? "warn" : ""})},
      ],
    });
    this.#displaced = new Table(byId("displaced"), {
      label: "Displaced rows", empty: "No row is displaced.", key: (it) => it.node + it.table,
      columns: [
        {title: "Node", of: (it) => it.node}, {title: "Table", of: (it) => it.table},
        {title: "Rows", number: true, of: (it) => count(it.rows)},
      ],
    });
    this.#tables = new Table(byId("table-list"), {
      label: "Tables that take part", empty: "No table takes part.", key: (it) => it.table,
      columns: [
        {title: "Table", of: (it) => it.table}, {title: "Key", of: (it) => it.key},
        {title: "Rows, about", number: true, of: (it) => it.estimated_rows === 0 && it.bytes > 0
            ? {text: "", title: "not known before the table is analysed"} : count(it.estimated_rows)},
        {title: "Size", number: true, of: (it) => bytes(it.bytes)},
        {title: "Policy", of: (it) => it.policy},
        {title: "Delta", of: (it) => it.delta_columns.join(", ")},
      ],
    });
    this.#history = new Table(byId("happened"), {
      label: "What happened, the newest first", empty: "Nothing happened since the daemon began.",
      key: (it) => it.number,
      columns: [
        {title: "Time", of: (it) => timeOfDay(it.at)},
        {title: "What", of: (it) => it.subject.replace("->", " → ")},
        {title: "Happened", of: (it) => long({text: it.text, class: {good: "good", bad: "bad"}[it.level]})},
      ],
    });
    this.#held = [];
  }

  show(status) {
    this.#nodes.show(status.nodes);
    this.#links.show(status.links);
    this.#slots.show(status.links.filter((it) => it.slot_name !== null));
    this.#displaced.show(status.nodes.flatMap((node) =>
        Object.entries(node.displaced ?? {}).map(([table, rows]) => ({node: node.name, table, rows}))));
    this.#showHeld(status);
    showProblems(status);
    showJoins(status);
  }

  #showHeld(status) {
    const held = status.links.flatMap((it) => it.held.map((table) => ({...table, link: link(it)})));
    const sign = JSON.stringify(held);
    if (this.#held === sign) {
      return;
    }
    this.#held = sign;
    byId("held").replaceChildren(...(held.length === 0
        ? [el("p", {class: "muted none"}, "No table is held.")]
        : held.map((it) => el("article", {class: "held"},
            el("h3", {}, `${it.table} on ${it.link}`),
            el("dl", {},
                ...entry("SQLSTATE", it.sqlstate), ...entry("Message", it.message),
                ...entry("First row", key(it.key) || "unknown"),
                ...entry("Waiting", `${plural(it.changes, "change")}, since ${timeOfDay(it.since)}`),
                ...entry("Cure", it.cure))))));
  }

  showTables(tables) {
    this.#tables.show(tables);
  }

  happened(more) {
    // A daemon that begins anew counts from 1.
    if (more.length && this.#happened.length && more[0].number <= this.#happened[0].number) {
      this.#happened = this.#happened.filter((it) => it.number < more[0].number && it.at < more[0].at);
    }
    this.#happened = [...more].reverse().concat(this.#happened).slice(0, HISTORY_SHOWN);
    this.#history.show(this.#happened);
  }
}

const entry = (name, text) => [el("dt", {}, name), el("dd", {}, text ?? "")];

function clock(node) {
  return node.clock_behind_seconds === null ? ""
      : node.clock_behind_seconds > 0
          ? {text: `stepped back ${seconds(node.clock_behind_seconds)}`, class: "bad"} : "steady";
}

function showProblems(status) {
  const list = byId("problem-list");
  const sign = JSON.stringify(status.problems);
  if (list.dataset.sign !== sign) {
    list.dataset.sign = sign;
    list.replaceChildren(...status.problems.map((it) => el("li", {}, it)));
    byId("problems").hidden = status.problems.length === 0;
  }
  const overall = byId("overall");
  const well = status.problems.length === 0;
  overall.className = `pill ${well ? "good" : "bad"}`;
  say(overall, well ? "all is well" : plural(status.problems.length, "problem"));
}

function showJoins(status) {
  const joining = status.nodes.filter((it) => it.state === "joining");
  byId("joins").hidden = joining.length === 0;
  const list = byId("join-list");
  list.replaceChildren(...joining.map((node) => {
    const ratio = status.joins[node.name] ?? 0;
    return el("div", {class: "join"}, el("strong", {}, node.name),
        el("progress", {max: 1, value: ratio, "aria-label": `Copy of ${node.name}`}),
        el("span", {}, `${Math.floor(ratio * 100)} %`),
        el("span", {class: "muted"}, node.problem ?? "catching up"));
  }));
}
