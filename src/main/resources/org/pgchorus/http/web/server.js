// Asks the daemon: the API, its tasks, and its stream of events, with the token if there is one.

const TOKEN = "pgchorus.token";
const QUIET_MILLIS = 20_000;
const PAUSE_MILLIS = 1000;

export const token = {
  get: () => sessionStorage.getItem(TOKEN) ?? "",
  set: (text) => text ? sessionStorage.setItem(TOKEN, text) : sessionStorage.removeItem(TOKEN),
};

/** An answer that is not what was asked for. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function request(path, options = {}) {
  const headers = {...options.headers};
  if (token.get()) {
    headers.Authorization = `Bearer ${token.get()}`;
  }
  const answer = await fetch(path, {...options, headers, cache: "no-store"});
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({}));
    throw new Refused(answer.status, body.error ?? `the daemon answered ${answer.status}`);
  }
  return answer;
}

/** Numbers that JavaScript cannot hold keep their digits, as text. */
function exact(_, value, context) {
  return typeof value === "number" && context?.source !== undefined && String(value) !== context.source
      ? context.source : value;
}

export async function get(path) {
  return JSON.parse(await (await request(path)).text());
}

/** Orders something and waits for its end; hears how it goes on. */
export async function order(path, progress = () => {}) {
  const answer = await request(path, {method: "POST"});
  const place = answer.headers.get("Location");
  for (;;) {
    const task = await get(place);
    progress(task);
    if (task.state === "done") {
      return task;
    }
    if (task.state === "failed") {
      throw new Refused(200, task.error);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/**
 * Reads the events for ever. EventSource cannot send a token, so this reads the stream itself.
 *
 * Hears: one function for each event's name, and lost(reason) when there is none for a while.
 */
export async function listen(hears) {
  for (;;) {
    try {
      await stream(hears);
    } catch (e) {
      hears.lost(e);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
    }
  }
}

async function stream(hears) {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), QUIET_MILLIS);
  const answer = await request("/api/v1/events", {signal: abort.signal});
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const {done, value} = await reader.read();
      if (done) {
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(), QUIET_MILLIS);
      text += value;
      const events = text.split("\n\n");
      text = events.pop();
      events.forEach((event) => tell(event, hears));
    }
  } finally {
    clearTimeout(timer);
  }
}

function tell(event, hears) {
  const fields = Object.fromEntries(event.split("\n").map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  }));
  const hear = hears[fields.event];
  if (hear) {
    hear(JSON.parse(fields.data, exact));
  }
}
