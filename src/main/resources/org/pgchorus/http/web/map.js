// The group as a picture: nodes in a ring, an arc for each link, coloured by how it stands.

import {say, svg} from "./dom.js";
import {rate, seconds} from "./format.js";
import {colours, linkMood, linkWords, nodeMood, nodeWords} from "./words.js";

/** Less on a phone, so that letters stay large enough to read. */
const WIDTH = {wide: 640, narrow: 440};
/** More do not fit into the narrow one. */
const MOST_NARROW = 5;
const HEIGHT = 400;
const NODE = {width: 128, height: 62};
/** With more nodes, only links that are not well have words. */
const MOST_WORDS = 4;
const BEND = 0.16;

export class GroupMap {
  #place;
  #shape = "";
  #nodes = new Map();
  #links = new Map();
  #picture;

  constructor(place) {
    this.#place = place;
  }

  show(status, written) {
    const names = status.nodes.map((it) => it.name);
    const narrow = matchMedia("(max-width: 720px)").matches && names.length <= MOST_NARROW;
    const width = narrow ? WIDTH.narrow : WIDTH.wide;
    const shape = JSON.stringify([width, names, status.links.map((it) => [it.from, it.to])]);
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#draw(status, width);
    }
    for (const node of status.nodes) {
      this.#showNode(node, written(node.name));
    }
    for (const link of status.links) {
      this.#showLink(link, written(link.from), names.length);
    }
    const summary = status.nodes.map((it) => {
      const per = written(it.name);
      return `${it.name} ${nodeWords(it)}${per === null ? "" : `, writes ${rate(per)} transactions/s`}`;
    });
    this.#picture.setAttribute("aria-label", `The group: ${summary.join("; ")}.`);
  }

  #draw(status, width) {
    this.#nodes.clear();
    this.#links.clear();
    const spots = ring(status.nodes.map((it) => it.name), width);
    const arcs = svg("g", {});
    const words = svg("g", {});
    for (const link of status.links) {
      const from = spots.get(link.from);
      const to = spots.get(link.to);
      if (!from || !to) {
        continue;
      }
      const {path, middle} = arc(from, to);
      const title = svg("title", {});
      const line = svg("path", {d: path, class: "line", "marker-end": "url(#tip)"});
      const flow = svg("path", {d: path, class: "flow"});
      const group = svg("g", {class: "link"}, title, line, flow);
      const text = svg("text", {x: middle.x, y: middle.y, class: "word"});
      arcs.append(group);
      words.append(text);
      this.#links.set(`${link.from}->${link.to}`, {group, title, text});
    }
    const boxes = svg("g", {});
    for (const node of status.nodes) {
      boxes.append(this.#box(node, spots.get(node.name)));
    }
    const tip = svg("marker", {id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7,
      markerHeight: 7, orient: "auto-start-reverse"}, svg("path", {d: "M0 0 8 4 0 8z", class: "tip"}));
    this.#picture = svg("svg", {viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", class: "map"},
        svg("defs", {}, tip), arcs, boxes, words);
    this.#place.replaceChildren(this.#picture);
  }

  #box(node, spot) {
    const x = spot.x - NODE.width / 2;
    const y = spot.y - NODE.height / 2;
    const name = svg("text", {x: spot.x, y: y + 20, class: "name"}, node.name);
    const state = svg("text", {x: spot.x, y: y + 37, class: "state"});
    const per = svg("text", {x: spot.x, y: y + 53, class: "per"});
    const title = svg("title", {});
    const group = svg("g", {class: "node"}, title,
        svg("rect", {x, y, width: NODE.width, height: NODE.height, rx: 8, class: "box"}),
        svg("rect", {x, y: y + 10, width: 5, height: NODE.height - 20, rx: 2.5,
          class: `fill${colours.place(node.name)}`}),
        name, state, per);
    this.#nodes.set(node.name, {group, title, state, per});
    return group;
  }

  #showNode(node, per) {
    const shown = this.#nodes.get(node.name);
    shown.group.setAttribute("class", `node ${nodeMood(node)}`);
    say(shown.title, `${node.name}: ${nodeWords(node)}${node.problem ? `: ${node.problem}` : ""}`);
    say(shown.state, nodeWords(node));
    say(shown.per, per === null ? "" : `writes ${rate(per)} tx/s`);
  }

  #showLink(link, per, nodes) {
    const shown = this.#links.get(`${link.from}->${link.to}`);
    if (!shown) {
      return;
    }
    const mood = linkMood(link);
    const flows = link.state === "streaming" && per > 0;
    shown.group.setAttribute("class", `link ${mood}${flows ? " flows" : ""}`);
    const lag = link.lag_seconds === null ? "" : `, ${seconds(link.lag_seconds)} behind`;
    say(shown.title, `${link.from} to ${link.to}: ${linkWords(link)}${lag}`
        + (link.reason ? `: ${link.reason}` : ""));
    shown.text.setAttribute("class", `word ${mood}`);
    if (mood === "good") {
      say(shown.text, nodes <= MOST_WORDS && link.lag_seconds !== null ? seconds(link.lag_seconds) : "");
    } else {
      say(shown.text, link.held_changes > 0 ? "held" : link.state === "streaming"
          ? `late ${seconds(link.lag_seconds)}` : link.state);
    }
  }
}

function ring(names, width) {
  const middle = {x: width / 2, y: HEIGHT / 2};
  if (names.length === 1) {
    return new Map([[names[0], middle]]);
  }
  const lift = names.length === 3 ? 22 : 0;
  const start = names.length === 2 ? Math.PI : -Math.PI / 2;
  return new Map(names.map((name, i) => {
    const angle = start + i * 2 * Math.PI / names.length;
    const tall = HEIGHT / 2 - NODE.height / 2 - 14 + lift;
    return [name, {
      x: middle.x + Math.cos(angle) * (width / 2 - NODE.width / 2 - 20),
      y: middle.y + lift + Math.sin(angle) * tall,
    }];
  }));
}

/** From border to border, bent to its right, so that there and back do not meet. */
function arc(from, to) {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const bent = {x: (from.x + to.x) / 2 - dy * BEND, y: (from.y + to.y) / 2 + dx * BEND};
  const begin = border(from, bent, 4);
  const end = border(to, bent, 8);
  const middle = {x: (begin.x + 2 * bent.x + end.x) / 4, y: (begin.y + 2 * bent.y + end.y) / 4 + 4};
  const at = (p) => `${p.x.toFixed(1)} ${p.y.toFixed(1)}`;
  return {path: `M${at(begin)}Q${at(bent)} ${at(end)}`, middle};
}

/** Where the line from a node's middle to a point leaves its box. */
function border(node, point, gap) {
  const dx = point.x - node.x;
  const dy = point.y - node.y;
  const scale = Math.min(
      (NODE.width / 2 + gap) / Math.max(1e-6, Math.abs(dx)),
      (NODE.height / 2 + gap) / Math.max(1e-6, Math.abs(dy)));
  return {x: node.x + dx * scale, y: node.y + dy * scale};
}
