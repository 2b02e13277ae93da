// How links stood in the last fifteen minutes; rates from counters.

const KEPT = 900;
/** Daemons count in steps: a rate is taken over so many looks. */
const SMOOTH = 4;
/** A longer gap between looks is shown as one. */
const GAP_MILLIS = 8000;

const name = (link) => `${link.from}->${link.to}`;

export class Past {
  #times = [];
  #links = new Map();

  /** Begins with what the daemon remembers. */
  fill(timeline) {
    this.#times = [...timeline.times];
    this.#links = new Map(timeline.links.map((link) => [name(link), {
      from: link.from, to: link.to,
      lag: [...link.lag_seconds], transactions: [...link.applied_transactions],
      conflicts: [...link.conflicts],
    }]));
  }

  add(status) {
    const time = Date.parse(status.looked_at);
    if (this.#times.length && time <= this.#times.at(-1)) {
      return;
    }
    this.#times.push(time);
    const now = new Map(status.links.map((link) => [name(link), link]));
    for (const [key, link] of now) {
      if (!this.#links.has(key)) {
        const nothing = () => new Array(this.#times.length - 1).fill(null);
        this.#links.set(key, {from: link.from, to: link.to,
          lag: nothing(), transactions: nothing(), conflicts: nothing()});
      }
    }
    for (const [key, series] of this.#links) {
      const link = now.get(key);
      series.lag.push(link?.lag_seconds ?? null);
      series.transactions.push(link?.applied_transactions ?? null);
      series.conflicts.push(link?.conflicts ?? null);
    }
    while (this.#times.length > KEPT) {
      this.#times.shift();
      for (const series of this.#links.values()) {
        series.lag.shift();
        series.transactions.shift();
        series.conflicts.shift();
      }
    }
  }

  get begin() {
    return this.#times[0] ?? Date.now();
  }

  get end() {
    return this.#times.at(-1) ?? Date.now();
  }

  /** Per link, points of its lag since a moment. */
  lag(since) {
    return this.#each((series) => this.#points(since, (i) => series.lag[i]));
  }

  /** Per link, transactions applied per second. */
  throughput(since) {
    return this.#each((series) => this.#points(since, (i) => this.#rate(series.transactions, i)));
  }

  /** Per deciding node, conflicts per second. */
  conflicts(since) {
    const nodes = [...new Set([...this.#links.values()].map((it) => it.to))].sort();
    return nodes.map((node) => ({name: node, from: node, points: this.#points(since, (i) => {
      const rates = [...this.#links.values()].filter((it) => it.to === node)
          .map((it) => this.#rate(it.conflicts, i)).filter((it) => it !== null);
      return rates.length ? rates.reduce((a, b) => a + b) : null;
    })}));
  }

  /** What clients write on a node per second: what its best link brings elsewhere; null if none. */
  written(node) {
    const rates = [...this.#links.values()].filter((it) => it.from === node)
        .map((it) => this.#rate(it.transactions, this.#times.length - 1)).filter((it) => it !== null);
    return rates.length ? Math.max(...rates) : null;
  }

  #each(points) {
    return [...this.#links.values()].map((series) =>
        ({name: name(series), from: series.from, to: series.to, points: points(series)}));
  }

  #points(since, value) {
    const points = [];
    for (let i = 0; i < this.#times.length; i++) {
      if (this.#times[i] >= since) {
        if (i > 0 && this.#times[i] - this.#times[i - 1] > GAP_MILLIS) {
          points.push({x: this.#times[i] - 1, y: null});
        }
        points.push({x: this.#times[i], y: value(i)});
      }
    }
    return points;
  }

  #rate(counts, i) {
    const before = Math.max(0, i - SMOOTH);
    const millis = this.#times[i] - this.#times[before];
    if (i <= 0 || counts[i] === null || counts[before] === null || millis <= 0) {
      return null;
    }
    // A daemon that begins anew counts from 0.
    return counts[i] < counts[before] ? null : (counts[i] - counts[before]) * 1000 / millis;
  }
}
