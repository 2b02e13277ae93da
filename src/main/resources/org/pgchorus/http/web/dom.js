// Builds elements. Values from servers only ever become text, never markup.

/** An element: properties (class, title, attributes), then children: nodes or texts. */
export function el(tag, properties, ...children) {
  const element = document.createElement(tag);
  set(element, properties);
  element.append(...children.filter((it) => it !== null && it !== undefined));
  return element;
}

/** The same in SVG. */
export function svg(tag, properties, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(element, properties);
  element.append(...children.filter((it) => it !== null && it !== undefined));
  return element;
}

function set(element, properties) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
}

export const byId = (id) => document.getElementById(id);

/** Sets a text only if it is another one, so that screen readers hear of changes alone. */
export function say(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/**
 * A table whose rows stay the same elements while their items do: focus and selection survive.
 *
 * Columns: {title, of: item => text or {text, class, title, bar} or a node to be made once, number}.
 */
export class Table {
  #columns;
  #key;
  #body;
  #rows = new Map();
  #empty;
  #table;

  constructor(place, {label, columns, key, empty}) {
    this.#columns = columns;
    this.#key = key;
    this.#body = el("tbody", {});
    const head = el("tr", {},
        ...columns.map((it) => el("th", {scope: "col", class: it.number ? "number" : null},
            it.title || el("span", {class: "hidden"}, it.hint ?? "action"))));
    this.#table = el("table", {}, el("caption", {class: "hidden"}, label),
        el("thead", {}, head), this.#body);
    this.#empty = el("p", {class: "muted none"}, empty ?? "none");
    place.replaceChildren(this.#table, this.#empty);
    this.show([]);
  }

  show(items) {
    this.#table.hidden = items.length === 0;
    this.#empty.hidden = items.length > 0;
    const seen = new Set();
    let place = this.#body.firstElementChild;
    for (const item of items) {
      const key = this.#key(item);
      seen.add(key);
      let row = this.#rows.get(key);
      if (!row) {
        row = this.#newRow();
        this.#rows.set(key, row);
      }
      this.#fill(row, item);
      if (row === place) {
        place = place.nextElementSibling;
      } else {
        this.#body.insertBefore(row, place);
      }
    }
    for (const [key, row] of this.#rows) {
      if (!seen.has(key)) {
        row.remove();
        this.#rows.delete(key);
      }
    }
  }

  #newRow() {
    return el("tr", {}, ...this.#columns.map((column, i) =>
        el(i === 0 ? "th" : "td", {
          "scope": i === 0 ? "row" : null,
          "class": column.number ? "number" : null,
          "data-label": column.title || null,
        })));
  }

  #fill(row, item) {
    this.#columns.forEach((column, i) => {
      const cell = row.children[i];
      const value = column.of(item, cell.firstElementChild);
      if (value instanceof Node) {
        if (cell.firstChild !== value) {
          cell.replaceChildren(value);
        }
        return;
      }
      const {text, title, bar, ...rest} =
          value !== null && typeof value === "object" ? value : {text: value};
      const shown = text === null || text === undefined || text === "" ? "–" : String(text);
      const sign = JSON.stringify([shown, title, bar, rest.class]);
      if (cell.dataset.sign === sign) {
        return;
      }
      cell.dataset.sign = sign;
      cell.className = [column.number ? "number" : "", rest.class ?? ""].join(" ").trim();
      cell.title = title ?? "";
      cell.replaceChildren(el("span", {}, shown));
      if (bar !== undefined && bar !== null) {
        cell.append(el("progress", {max: 1, value: Math.min(1, bar), "aria-hidden": "true"}));
      }
    });
  }
}
