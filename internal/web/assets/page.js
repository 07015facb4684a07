// The server has written the page already. This keeps it fresh, and draws the chart.

import { clock, el, find, percent, refill, setText } from "./dom.js";
import { Chart } from "./chart.js";

const refreshEvery = 5_000; // Milliseconds; a commit takes about a second.
const minutesEvery = 4; // Refreshes between two looks at the minutes: a chart changes by the minute.

async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function showVerdict(o) {
  const verdict = find("#verdict");
  verdict.dataset.state = o.state;
  verdict.dataset.problems = o.problems.length;
  setText(find("#state"), o.state.replace("_", " "));
  setText(find("#sentence"), o.verdict);
  const problems = find("#problems");
  if (problems.innerText !== o.problems.join("\n")) problems.replaceChildren(...o.problems.map((p) => el("li", {}, p)));
  document.title = `flowd · ${o.state.replace("_", " ")}`;
}

function showTime(o) {
  const asOf = find("#asof");
  setText(asOf, clock(o.time, true));
  asOf.dateTime = new Date(o.time * 1000).toISOString();
  const minutes = Math.floor(o.uptime_seconds / 60);
  const days = Math.floor(minutes / 1440), hours = Math.floor(minutes / 60);
  const up = days ? `${days} d ${hours % 24} h` : hours ? `${hours} h ${minutes % 60} min` : minutes ? `${minutes} min` : `${Math.floor(o.uptime_seconds)} s`;
  setText(find("#uptime"), `up ${up}`);
}

function showTiles(o) {
  for (const t of o.tiles) {
    const tile = find(`#tile-${t.name}`);
    tile.dataset.status = t.status;
    setText(find(".value", tile), t.text);
    setText(find(".of", tile), t.unit);
    setText(find(".about", tile), t.about);
  }
  setText(find("#coverage .about"), o.coverage.about);
  for (const p of o.coverage.parts) {
    const part = find(`#coverage [data-part="${p.name}"]`);
    part.dataset.status = p.status;
    setText(find(".share", part), p.share);
    setText(find(".records", part), p.text);
  }
}

function showStages(o) {
  for (const [i, li] of [...find("#stages").children].entries()) {
    li.dataset.status = o.pipeline[i].status;
    setText(find(".where", li), o.pipeline[i].value);
    setText(find(".about", li), o.pipeline[i].about);
  }
}

const plain = (n) => (n < 10_000 ? String(n) : n.toLocaleString("en"));

function showPeriods(o) {
  if (!o.periods.length) return;
  find("#periods").replaceChildren(...o.periods.map((p) => el("tr", {},
    el("th", { scope: "row" }, clock(p.from)), el("td", {}, plain(p.accept)), el("td", {}, plain(p.reject)),
    el("td", {}, percent(p.reject, p.accept + p.reject)), el("td", {}, p.arriving ? "still arriving" : "complete"))));
}

function row(ranking, r) {
  const query = new URLSearchParams([["ranking", ranking], ...r.labels.map((l) => ["label", l])]);
  const bar = el("svg", { class: "bar", "aria-hidden": "true" },
    el("rect", { class: "fill", width: `${r.bar}%`, height: "100%" }),
    el("rect", { class: "error", x: `${r.low}%`, width: `${Math.max(r.high - r.low, 0)}%`, height: "100%" }));
  return el("tr", {},
    el("th", { scope: "row" }, el("a", { href: `/talker?${query}` }, r.title), " ", el("span", { class: "quiet" }, r.about), bar),
    el("td", {}, r.text, " ", el("span", { class: "quiet bound" }, r.bound)), el("td", {}, r.share));
}

function showRankings(o) {
  for (const r of o.rankings) {
    const table = find(`.ranking[data-ranking="${r.name}"] table`);
    if (r.rows.length) refill(find("tbody", table), r.rows.map((talker) => row(r.name, talker)));
    setText(find("caption", table), `${r.title}. ${r.about}`);
    const [value, share] = table.querySelectorAll("tfoot td");
    setText(value, r.text);
    setText(share, r.share);
  }
}

function show(o) {
  showVerdict(o);
  showTime(o);
  showTiles(o);
  showStages(o);
  showPeriods(o);
  showRankings(o);
}

function showUnreachable() {
  const verdict = find("#verdict");
  verdict.dataset.state = "unreachable";
  setText(find("#state"), "no answer");
  setText(find("#sentence"), `flowd does not answer. What is below is as of ${find("#asof").textContent} UTC.`);
}

// The table stays, for whoever does not see the chart; it is folded, because the chart shows the same.
function openChart() {
  find("#numbers").open = false;
  find("#plot").hidden = false;
  return new Chart(find("#plot"), find("#readout"));
}

const chart = openChart();
let turn = 0;

// refresh says so when nobody answers; a mistake of this script goes to the console.
async function refresh() {
  let overview, minutes;
  try {
    overview = await ask("/api/v1/overview");
    if (turn % minutesEvery === 0) minutes = await ask("/api/v1/minutes");
  } catch {
    showUnreachable();
    return;
  }
  turn++;
  show(overview);
  if (minutes) chart.show(minutes);
  document.documentElement.dataset.fresh = turn; // For tests.
}

// A page that nobody sees asks for nothing.
async function keepFresh() {
  setTimeout(keepFresh, refreshEvery);
  if (!document.hidden) await refresh();
}

document.addEventListener("visibilitychange", () => document.hidden || refresh());
keepFresh();
