// The dashboard: hears the daemon's events and hands them to who shows them.

import {Charts} from "./charts.js";
import {Conflicts, winnerName} from "./conflicts.js";
import {byId, say} from "./dom.js";
import {key, timeOfDay} from "./format.js";
import {GroupMap} from "./map.js";
import {Panels} from "./panels.js";
import {Past} from "./past.js";
import {Refused, get, listen, order, token} from "./server.js";

const TABLES_MILLIS = 15_000;
const SAID_MILLIS = 12_000;

const past = new Past();
const map = new GroupMap(byId("map"));
const panels = new Panels((node) => past.written(node));
const conflicts = new Conflicts(undo);
const charts = new Charts(past);
let asking = null;

function tell(text) {
  say(byId("said"), text);
  setTimeout(() => byId("said").textContent === text && say(byId("said"), ""), SAID_MILLIS);
}

/** Asks for the token; false if that was cancelled. One dialog at a time. */
function askForToken(why) {
  asking ??= new Promise((resolve) => {
    const dialog = byId("ask");
    say(byId("ask-why"), why);
    byId("ask-token").value = token.get();
    dialog.returnValue = "no";
    dialog.showModal();
    byId("ask-token").focus();
    dialog.addEventListener("close", () => {
      asking = null;
      const yes = dialog.returnValue === "yes";
      if (yes) {
        token.set(byId("ask-token").value.trim());
      }
      resolve(yes);
    }, {once: true});
  });
  return asking;
}

async function undo(conflict) {
  const what = `${conflict.table} ${key(conflict.key)}`;
  const asked = await askForToken(`The version that lost to ${winnerName(conflict)} in ${what} is written `
      + "again, as a new change that goes to all nodes.");
  if (!asked) {
    return;
  }
  try {
    tell(`Undoing ${conflict.id} …`);
    await order(`/api/v1/conflicts/${encodeURIComponent(conflict.id)}/undo`);
    tell(`Undone: the other version of ${what} stands now.`);
  } catch (e) {
    tell(`Not undone: ${e.message}`);
  }
}

async function readTables() {
  try {
    panels.showTables(await get("/api/v1/tables"));
  } catch (e) {
    console.info(`tables: ${e.message}`);
  }
}

async function lost(e) {
  const overall = byId("overall");
  overall.className = "pill bad";
  if (e instanceof Refused && e.status === 401) {
    say(overall, "a token is needed");
    await askForToken("This daemon shows its group to those who have its token.");
    return;
  }
  say(overall, "no connection to the daemon");
  say(byId("looked"), `${e.message}; what is shown is old`);
}

function themes() {
  const choice = byId("theme");
  choice.value = localStorage.getItem("pgchorus.theme") ?? "auto";
  choice.addEventListener("change", () => {
    localStorage.setItem("pgchorus.theme", choice.value);
    if (choice.value === "auto") {
      delete document.documentElement.dataset.theme;
    } else {
      document.documentElement.dataset.theme = choice.value;
    }
    charts.dress();
  });
}

async function begin() {
  themes();
  byId("token").addEventListener("click", () =>
      askForToken("Needed to change something, or where reading is not open."));
  try {
    past.fill(await get("/api/v1/timeline"));
  } catch (e) {
    console.info(`timeline: ${e.message}`);
  }
  readTables();
  setInterval(readTables, TABLES_MILLIS);
  await listen({
    status: (status) => {
      past.add(status);
      say(byId("group"), status.group ? `group ${status.group}` : "");
      say(byId("looked"), `seen ${timeOfDay(status.looked_at)}`);
      map.show(status, (node) => past.written(node));
      panels.show(status);
      conflicts.count(status);
      charts.draw(false);
    },
    conflicts: (newest) => conflicts.take(newest),
    happened: (more) => panels.happened(more),
    lost,
  });
}

begin();
