"use strict";
// The film is data: boxes, edges, and frames that say which values appear and what moves along which edge.
// What stands at frame k follows from the frames up to k alone, so that any frame can be shown at once.

const film = JSON.parse(document.getElementById("film").textContent);
const { nodes, wires, frames } = film;
const last = frames.length - 1;
const $ = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const night = matchMedia("(prefers-color-scheme: dark)");

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const PAUSE = { start: 2200, forward: 1700, backward: 2400, end: 2000 }; // milliseconds a frame
const MOVING = 0.5; // the part of that in which something moves
const TIMES = 0.45; // when in its motion a cotangent is multiplied by the local derivative
const LETTER = 7.25; // the width of a letter in the graph
const SMALLEST = 0.88, LARGEST = 1.5; // how far the graph is scaled; a larger one is scrolled

const now = { frame: 0, playing: false, speed: 2, began: 0, moving: false, fit: false, seen: null, opened: false };

// Elements

function element(kind, attributes = {}, parent = null) {
  const made = document.createElement(kind);
  Object.assign(made, attributes);
  if (parent) parent.append(made);
  return made;
}

function drawn(kind, attributes = {}, parent = null, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

// In texts a name between these two letters has a bar over it: the cotangent of that value.
function barred(parent, text) {
  parent.replaceChildren();
  text.split(/[\ue000\ue001]/).forEach((part, i) => {
    if (i % 2) element("span", { className: "bar", textContent: part }, parent);
    else parent.append(part);
  });
}

const spoken = (text) => text.replace(/\ue000(.*?)\ue001/g, "$1 bar");

// The states: for each frame, which values are known, and the cotangents as far as they are summed.

const states = frames.reduce((all, frame) => {
  const before = all.at(-1) ?? { known: new Set(), sums: new Map() };
  const sums = new Map(before.sums);
  for (const [node, text, arrived, expected] of frame.sums) sums.set(node, { text, arrived, expected });
  return [...all, { known: new Set([...before.known, ...frame.values]), sums }];
}, []);

const complete = (sum) => sum && sum.arrived === sum.expected;
const expectations = new Map();
for (const { sums } of states) for (const [node, sum] of sums) expectations.set(node, sum.expected);

// The graph

const svg = drawn("svg", { viewBox: `-10 -14 ${film.width + 20} ${film.height + 28}` });
for (const kind of ["value", "gradient"]) {
  const marker = drawn("marker", { id: `to-${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" }, svg);
  drawn("path", { class: `arrow ${kind}`, d: "M0 0L8 4L0 8z" }, marker);
}
const edges = drawn("g", {}, svg);
const paths = wires.map((wire) => drawn("path", { class: "wire", d: wire.path }, edges));
const boxes = nodes.map(boxed);
const moving = drawn("g", { class: "moving" }, svg);
$("stage").append(svg);

function boxed(node, key) {
  const box = drawn("g", { class: `node ${node.kind}${node.answer ? " answer" : ""}`, transform: `translate(${node.x} ${node.y})`, tabindex: 0, role: "img" }, svg);
  const { width, height, cells } = node, middle = height / 2;
  drawn("rect", { class: "box", width, height, rx: 5 }, box);
  const sum = cells.length > 2 ? drawn("rect", { class: "glow", x: cells[0] + cells[1] + 1, y: 2, width: cells[2] - 3, height: height - 4, rx: 3 }, box) : null;
  if (node.kind !== "operation" || node.answer)
    drawn("path", { class: "mark", d: `M5 0H3.5V${height}H5A5 5 0 0 1 0 ${height - 5}V5A5 5 0 0 1 5 0` }, box);
  let at = 0;
  const texts = cells.map((wide, i) => {
    if (at && wide) drawn("path", { class: "rule", d: `M${at} 4V${height - 4}` }, box);
    const text = drawn("text", { x: at + 8, y: middle, class: ["label", "value", "gradient"][i] }, box);
    at += wide;
    return text;
  });
  drawn("tspan", { class: "name" }, texts[0], node.name);
  drawn("tspan", { class: "operation" }, texts[0], (node.name && node.operation ? " " : "") + node.operation);
  if (node.order) {
    const badge = drawn("g", { class: "badge", transform: "translate(1 -1)" }, box);
    drawn("circle", { r: 7.5 }, badge);
    drawn("text", {}, badge, String(node.order));
  }
  const count = expectations.get(key) ?? 0;
  const pips = count > 1 && count <= 12
    ? Array.from({ length: count }, (_, i) => drawn("circle", { class: "pip", r: 2.2, cx: width - 7 - 6.5 * (count - 1 - i), cy: height + 5 }, box))
    : [];
  for (const event of ["pointerenter", "focus"]) box.addEventListener(event, () => told(key));
  for (const event of ["pointerleave", "blur"]) box.addEventListener(event, () => told(-1));
  box.addEventListener("click", () => show(made(key)));
  box.addEventListener("keydown", (event) => { if (event.key === "Enter") show(made(key)); });
  return { box, sum, texts, pips };
}

// The frame in which a value appears; in the sweep backwards, the last one in which something is added to it.
function made(key) {
  const adds = frames.map((frame, i) => (frame.sums.some(([node]) => node === key) ? i : -1)).filter((i) => i >= 0);
  if (now.frame > frames.findIndex(({ phase }) => phase === "backward") && adds.length) return adds.at(-1);
  return frames.findIndex(({ values }) => values.includes(key));
}

// What moves along an edge: a value; or a cotangent, which becomes a product on the way.

let pills = [];

function pillsOf(frame) {
  moving.replaceChildren();
  const backwards = frame.phase === "backward", seen = new Set();
  pills = frame.flows.flatMap((flow) => {
    const wire = wires[flow.wire], twin = `${wire.from} ${wire.to}`;
    if (!flow.text || seen.has(twin)) return [];
    seen.add(twin);
    const group = drawn("g", { class: "pill" }, moving);
    if (flow.factor) {
      pill(drawn("g", { class: "before" }, group), flow.arrives);
      pill(drawn("g", { class: "after" }, group), flow.text, `× ${flow.factor}`);
    } else pill(group, flow.text);
    const path = paths[flow.wire], long = path.getTotalLength();
    const [x, y] = wire.rest[Number(backwards)];
    return [{ group, path, from: backwards ? long : 0, to: lengthAt(path, long, x), x, y }];
  });
}

function pill(group, text, factor = "") {
  const width = Math.max(text.length, factor.length) * LETTER + 14, height = factor ? 32 : 18;
  drawn("rect", { x: -width / 2, y: -height / 2, width, height, rx: 8 }, group);
  if (factor) drawn("text", { class: "factor", y: -7.5 }, group, factor);
  drawn("text", { y: factor ? 7 : 0 }, group, text);
}

// How far along an edge, which runs from left to right, x is.
function lengthAt(path, long, x) {
  let low = 0, high = long;
  while (high - low > 0.5) {
    const middle = (low + high) / 2;
    if (path.getPointAtLength(middle).x < x) low = middle;
    else high = middle;
  }
  return low;
}

function placed(t) {
  const eased = t * t * (3 - 2 * t);
  for (const { group, path, from, to, x, y } of pills) {
    const at = t >= 1 ? { x, y } : path.getPointAtLength(from + (to - from) * eased);
    group.setAttribute("transform", `translate(${at.x.toFixed(1)} ${at.y.toFixed(1)})`);
    group.classList.toggle("early", t < TIMES);
  }
}

// Showing a frame

function show(k, move = false) {
  now.frame = Math.max(0, Math.min(last, k));
  now.began = performance.now();
  const frame = frames[now.frame];
  now.moving = move && !calm.matches && frame.flows.length > 0;
  document.body.dataset.phase = frame.phase;
  document.body.dataset.frame = now.frame;
  pillsOf(frame);
  const active = new Set(frame.flows.map(({ wire }) => wire));
  paths.forEach((path, i) => path.classList.toggle("active", active.has(i)));
  for (const i of active) edges.append(paths[i]); // over the others
  filled(now.moving ? Math.max(0, now.frame - 1) : now.frame);
  placed(now.moving ? 0 : 1);
  captioned(frame);
  followed(frame, active);
  if (now.seen !== null) told(now.seen);
  if (now.moving || now.playing) requestAnimationFrame(tick);
}

function filled(k) {
  const { known, sums } = states[k], frame = frames[now.frame];
  const reached = new Set(frame.sums.map(([node]) => node));
  nodes.forEach((node, key) => {
    const { box, texts, pips } = boxes[key], sum = sums.get(key);
    texts[1].textContent = known.has(key) ? node.value : "";
    if (texts[2]) texts[2].textContent = sum ? sum.text : "";
    box.classList.toggle("known", known.has(key));
    box.classList.toggle("here", key === frame.node);
    box.classList.toggle("reached", reached.has(key) && frame.phase === "backward");
    box.classList.toggle("partial", Boolean(sum) && !complete(sum));
    pips.forEach((pip, i) => pip.classList.toggle("full", Boolean(sum) && i < sum.arrived));
    box.setAttribute("aria-label", described(node, known.has(key), sum));
  });
  listed(k);
}

function described(node, known, sum) {
  const parts = [node.made ? `${node.title} = ${node.made}` : node.title];
  if (known && node.value) parts.push(`value ${node.value}`);
  if (sum && sum.text) parts.push(`gradient ${sum.text}${complete(sum) ? "" : " so far"}`);
  return parts.join(", ");
}

function counted(frame) {
  const same = frames.filter(({ phase }) => phase === frame.phase);
  const names = { start: "the graph", forward: "forward", backward: "backward", end: "the end" };
  return names[frame.phase] + (same.length > 1 ? ` ${same.indexOf(frame) + 1} of ${same.length}` : "");
}

function captioned(frame) {
  barred($("title"), frame.title);
  $("lines").replaceChildren();
  for (const [label, text] of frame.lines) {
    element("dt", { textContent: label }, $("lines"));
    barred(element("dd", {}, $("lines")), text.replaceAll(" = ", "\u00a0=\u00a0")); // a number stays with its name
  }
  $("phase").textContent = counted(frame);
  $("count").textContent = `${now.frame} / ${last}`;
  $("scrub").value = now.frame;
  $("scrub").setAttribute("aria-valuetext", `${counted(frame)}: ${spoken(frame.title)}`);
}

// The stage is as wide as it can be; a graph too wide for it is scrolled to where something happens.

function scaled() {
  const room = $("stage").clientWidth - 2, high = $("stage").clientHeight - 2;
  const [wide, tall] = [film.width + 20, film.height + 28];
  const whole = Math.min(room / wide, high / tall);
  const scale = now.fit || whole >= SMALLEST ? Math.min(whole, LARGEST) : 1;
  svg.setAttribute("width", Math.round(wide * scale));
  svg.setAttribute("height", Math.round(tall * scale));
  $("fit").hidden = whole >= SMALLEST;
  return scale;
}

function followed(frame, active) {
  const stage = $("stage"), scale = svg.width.baseVal.value / (film.width + 20);
  const keys = [frame.node, ...[...active].flatMap((i) => [wires[i].from, wires[i].to]), ...frame.sums.map(([node]) => node)];
  const seen = keys.filter((key) => key >= 0).map((key) => nodes[key]);
  if (!seen.length) return;
  const focus = nodes[frame.phase === "backward" ? frame.sums[0][0] : frame.node] ?? seen[0];
  const within = (low, high, size, main, span) => high - low <= size ? (low + high) / 2 : main + span / 2;
  const edge = (read, pick) => pick(...seen.map(read)) * scale;
  const x = within(edge((n) => n.x, Math.min), edge((n) => n.x + n.width, Math.max), stage.clientWidth - 60, focus.x * scale, focus.width * scale);
  const y = within(edge((n) => n.y, Math.min), edge((n) => n.y + n.height, Math.max), stage.clientHeight - 60, focus.y * scale, focus.height * scale);
  stage.scrollTo({ left: x - stage.clientWidth / 2, top: y - stage.clientHeight / 2, behavior: calm.matches || !now.opened ? "instant" : "smooth" });
}

// The table of values, and the list of all steps

const rows = nodes.map((node, key) => {
  const row = element("tr", { className: node.kind }, $("values"));
  element("td", { textContent: node.order || "" }, row);
  const cell = element("td", {}, row);
  const button = element("button", { type: "button", textContent: node.title }, cell);
  if (node.made) element("span", { className: "made", textContent: ` = ${node.made}` }, cell);
  button.addEventListener("click", () => show(made(key)));
  return [row, element("td", { className: "value" }, row), element("td", { className: "gradient" }, row)];
});

const steps = frames.map((frame, k) => {
  const item = element("li", {}, $("steps"));
  const button = element("button", { type: "button" }, item);
  barred(button, frame.title);
  button.addEventListener("click", () => show(k));
  for (const [, text] of frame.lines) barred(element("span", {}, item), text);
  return item;
});

function listed(k) {
  const { known, sums } = states[k], frame = frames[now.frame];
  const reached = frame.sums.map(([node]) => node);
  rows.forEach(([row, value, gradient], key) => {
    const sum = sums.get(key);
    value.textContent = known.has(key) ? nodes[key].value : "";
    gradient.textContent = sum ? sum.text + (complete(sum) ? "" : " …") : "";
    row.classList.toggle("here", key === frame.node);
    row.classList.toggle("reached", reached.includes(key));
  });
  const row = rows[reached[0] ?? frame.node]?.[0], panel = document.querySelector("aside");
  if (row && panel.scrollHeight > panel.clientHeight) {
    const low = row.offsetTop - 40, high = low + row.offsetHeight + 80;
    if (panel.scrollTop > low) panel.scrollTop = low;
    else if (panel.scrollTop + panel.clientHeight < high) panel.scrollTop = high - panel.clientHeight;
  }
  steps.forEach((item, k) => {
    if (k === now.frame) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
}

// Details on request: of a box under the pointer, or with the focus

function told(key) {
  const tip = $("tip"), node = nodes[key];
  now.seen = node ? key : null;
  tip.hidden = !node;
  if (!node) return;
  const { known, sums } = states[now.frame], sum = sums.get(key);
  tip.replaceChildren();
  const line = (text, kind = "") => barred(element("p", { className: kind }, tip), text);
  line(node.made ? `${node.title} = ${node.made}` : node.title, "name");
  if (node.members > 1) line(`${node.members} values in one box`);
  if (known.has(key) && node.whole) line(`value ${node.whole}`, "value");
  if (complete(sum) && node.gradient) line(`gradient ${node.gradient}`, "gradient");
  else if (sum && sum.text) line(`gradient ${sum.text} after ${sum.arrived} of ${sum.expected}`, "gradient");
  frames.slice(0, now.frame + 1).forEach((frame) => {
    if (frame.phase === "backward" && frame.sums.some(([one]) => one === key))
      for (const [label, text] of frame.lines) if (label === "product") line(text, "share");
  });
  if (node.place) line(node.place, "place");
  const box = boxes[key].box.getBoundingClientRect(), size = tip.getBoundingClientRect();
  const below = box.bottom + 12 + size.height < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(box.left, innerWidth - size.width - 8))}px`;
  tip.style.top = `${Math.max(8, below ? box.bottom + 12 : box.top - size.height - 12)}px`;
}

// Playing

function tick(time) {
  const frame = frames[now.frame], whole = PAUSE[frame.phase] / SPEEDS[now.speed];
  const t = (time - now.began) / whole;
  if (now.moving) {
    placed(Math.min(1, Math.max(0, t / MOVING)));
    if (t >= MOVING) {
      now.moving = false;
      filled(now.frame);
    }
  }
  if (now.playing && t >= 1) {
    if (now.frame === last) play(false);
    else return show(now.frame + 1, true);
  }
  if (now.moving || now.playing) requestAnimationFrame(tick);
}

function play(on = !now.playing) {
  now.playing = on;
  document.body.classList.toggle("playing", on);
  $("play").setAttribute("aria-label", on ? "pause" : "play");
  $("caption").setAttribute("aria-live", on ? "off" : "polite"); // steps are read out, a running film is not
  if (on) show(now.frame === last ? 0 : now.frame + 1, true);
}

function go(k, move = false) {
  play(false);
  show(k, move);
}

function paced(change) {
  now.speed = Math.max(0, Math.min(SPEEDS.length - 1, now.speed + change));
  $("speed").textContent = `${SPEEDS[now.speed]}×`;
}

function whole() {
  now.fit = !now.fit;
  $("fit").setAttribute("aria-pressed", now.fit);
  scaled();
  show(now.frame);
}

const dark = () => (document.documentElement.dataset.theme ?? (night.matches ? "dark" : "light")) === "dark";

function themed(choice = null) {
  if (choice) document.documentElement.dataset.theme = choice;
  $("theme").textContent = dark() ? "light" : "dark";
}

const actions = {
  first: () => go(0),
  back: () => go(now.frame - 1),
  play: () => play(),
  step: () => go(now.frame + 1, true),
  last: () => go(last),
  slower: () => paced(-1),
  faster: () => paced(1),
  fit: whole,
  theme: () => themed(dark() ? "light" : "dark"),
};
const keys = {
  " ": "play", ArrowLeft: "back", ArrowRight: "step", Home: "first", End: "last",
  "+": "faster", "=": "faster", "-": "slower", f: "fit", d: "theme",
};

for (const [id, action] of Object.entries(actions))
  $(id).addEventListener("click", (event) => {
    action();
    if (event.detail) $(id).blur(); // a click with the pointer leaves the space bar to the film
  });
$("scrub").addEventListener("input", () => go(Number($("scrub").value)));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") told(-1);
  const typed = document.activeElement?.matches("button, summary") && event.key === " ";
  if (typed || !(event.key in keys)) return;
  event.preventDefault();
  actions[keys[event.key]]();
});

function addressed() {
  const asked = new URLSearchParams(location.hash.slice(1));
  if (["light", "dark"].includes(asked.get("theme"))) themed(asked.get("theme"));
  if (asked.has("frame")) go(Math.round(Number(asked.get("frame"))) || 0);
}

// On paper stand the graph with all numbers, and every step.
let kept = null;
addEventListener("beforeprint", () => {
  kept = [now.frame, $("all").open];
  $("all").open = true;
  go(last);
});
addEventListener("afterprint", () => {
  const [frame, open] = kept ?? [now.frame, $("all").open];
  $("all").open = open;
  go(frame);
});

addEventListener("resize", () => { scaled(); show(now.frame); });
addEventListener("hashchange", addressed);
night.addEventListener("change", () => themed());

$("name").textContent = film.name;
$("stage").setAttribute("aria-label", `graph of ${film.name}`);
$("scrub").max = last;
const split = frames.findIndex(({ phase }) => phase === "backward");
$("scrub").style.setProperty("--split", split < 0 ? "100%" : `${(100 * (split - 0.5)) / last}%`);
themed();
scaled();
show(0);
addressed();
now.opened = true; // from here on the graph moves to where something happens; before, it stands there
