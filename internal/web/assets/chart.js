// Accepted and rejected records a second, by the minute in which they happened. What is not complete yet is hatched.

/* global uPlot */
import { clock, percent, quantity } from "./dom.js";

const minute = 60;
const leastSpan = 30 * minute; // A young flowd has little to show, and should not show it as if it were all.

export class Chart {
  constructor(box, readout) {
    this.box = box;
    this.readout = readout;
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "img");
    this.box.addEventListener("keydown", (e) => this.step(e));
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  size() {
    return { width: this.box.clientWidth, height: this.box.clientHeight };
  }

  show(events) {
    this.until = events.complete_until;
    this.data = columns(events.minutes);
    this.box.setAttribute("aria-label", this.summary());
    this.draw();
  }

  summary() {
    const [times, accept, reject] = this.data;
    if (!times.length) return "Chart: nothing has been counted yet.";
    const sum = (values) => values.reduce((a, b) => a + b, 0) * minute;
    const state = this.until ? `complete up to ${clock(this.until)}` : "still arriving";
    return `Chart from ${clock(times[0])} to ${clock(times.at(-1))} UTC, ${state}: ${quantity(Math.round(sum(accept)))} records accepted, ` +
      `${quantity(Math.round(sum(reject)))} rejected. Left and right arrows read out minutes; the table below has the numbers.`;
  }

  draw() {
    if (!this.data) return;
    const at = this.plot?.cursor.idx;
    this.plot?.destroy();
    this.plot = new uPlot(this.options(), this.data, this.box);
    if (at != null && document.activeElement === this.box) this.point(at);
    else this.latest();
  }

  options() {
    const css = getComputedStyle(document.documentElement);
    const colour = (name) => css.getPropertyValue(`--${name}`).trim();
    const axis = { stroke: colour("quiet"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const step = uPlot.paths.stepped({ align: 1 });
    const now = Date.now() / 1000, first = Math.min(this.data[0][0] ?? now, now - leastSpan);
    return {
      ...this.size(),
      tzDate: (t) => uPlot.tzDate(new Date(t * 1000), "Etc/UTC"),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: { x: { range: [first, now] }, y: { range: (_, low, high) => [0, Math.max(high * 1.08, 1)] } },
      axes: [
        { ...axis, size: 30, grid: { show: false }, values: (_, ticks) => ticks.map((t) => clock(t)), space: 64 },
        { ...axis, size: 56, values: (_, ticks) => ticks.map((v) => `${quantity(v)}/s`) },
      ],
      series: [
        {},
        { stroke: colour("accept"), fill: colour("accept-soft"), width: 1.5, paths: step, points: { show: false } },
        { stroke: colour("reject"), fill: colour("reject-soft"), width: 1.5, paths: step, points: { show: false } },
      ],
      hooks: { drawClear: [(u) => hatch(u, this.until || first, colour("line"), colour("quiet"))], setCursor: [(u) => this.read(u.cursor.idx)] },
    };
  }

  read(at) {
    if (at == null) return this.latest();
    const [times, accept, reject] = this.data;
    const state = times[at] + minute > this.until ? ", still arriving" : "";
    this.readout.textContent = `${clock(times[at])} UTC${state}: accepted ${quantity(accept[at])}/s, rejected ${quantity(reject[at])}/s ` +
      `(${percent(reject[at], accept[at] + reject[at])})`;
  }

  latest() {
    this.readout.textContent = "Records a second. Point at a minute, or use the arrow keys, to read it.";
  }

  point(at) {
    const left = this.plot.valToPos(this.data[0][at] + minute / 2, "x");
    this.plot.setCursor({ left, top: 0 });
  }

  step(e) {
    const last = (this.data?.[0].length ?? 0) - 1;
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -last, End: last }[e.key];
    if (by === undefined || last < 0) return;
    e.preventDefault();
    this.point(Math.min(Math.max((this.plot.cursor.idx ?? last + 1) + by, 0), last));
  }
}

// columns are what uPlot takes: times, and records a second. Minutes that are not there had no records.
function columns(minutes) {
  const times = [], accept = [], reject = [];
  for (const m of minutes) {
    while (times.length && times.at(-1) + minute < m.time) {
      times.push(times.at(-1) + minute);
      accept.push(0);
      reject.push(0);
    }
    times.push(m.time);
    accept.push(m.accept.records / minute);
    reject.push(m.reject.records / minute);
  }
  if (times.length) { // The last step needs an end.
    times.push(times.at(-1) + minute);
    accept.push(accept.at(-1));
    reject.push(reject.at(-1));
  }
  return [times, accept, reject];
}

// hatch marks what is still arriving, from a time to the right edge.
function hatch(u, from, line, text) {
  const { left, top, width, height } = u.bbox, c = u.ctx, gap = 7 * devicePixelRatio;
  const x = Math.max(u.valToPos(from, "x", true), left);
  c.save();
  c.beginPath();
  c.rect(x, top, left + width - x, height);
  c.clip();
  c.strokeStyle = line;
  c.lineWidth = devicePixelRatio;
  c.beginPath();
  for (let at = x - height; at < left + width; at += gap) {
    c.moveTo(at, top + height);
    c.lineTo(at + height, top);
  }
  c.stroke();
  c.fillStyle = text;
  c.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  const words = "still arriving";
  if (x + gap + c.measureText(words).width < left + width) c.fillText(words, x + gap, top + 2 * gap);
  c.restore();
}
