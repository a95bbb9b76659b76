// What the page shows and how its parts tell each other of changes; helpers that all parts use.
const report = JSON.parse(document.getElementById("contents").textContent);
const names = report.names;
const $ = (id) => document.getElementById(id);

// Sets text, never HTML: names come from users.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

const edges = report.edges.source.map((source, k) => ({
  id: k,
  source,
  target: report.edges.target[k],
  probability: report.edges.probability[k],
  sign: report.edges.sign ? report.edges.sign[k] : null,
  correlation: report.edges.correlation[k],
  shift: report.edges.shift[k],
  rows: report.edges.rows[k],
}));
const edgeAt = new Map(edges.map((edge) => [edge.source * names.length + edge.target, edge]));

const state = { threshold: report.threshold, edge: null, node: null, query: "", alone: names.length <= 60 };
const listeners = [];

function update(change) {
  Object.assign(state, change);
  for (const listener of listeners) listener(change);
}

// `edges` are sorted by probability: those above a threshold are the first.
function countAbove(threshold) {
  let low = 0, high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle].probability >= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

function matches(query) {
  const wanted = query.trim().toLowerCase();
  if (!wanted) return [];
  const found = [];
  names.forEach((name, k) => { if (name.toLowerCase().includes(wanted)) found.push(k); });
  return found;
}

function number(value, digits = 2) {
  return value === null ? "–" : value.toFixed(digits).replace("-", "−");
}

// A name for where there is no room for a long one.
function limited(name, most = 34) {
  const half = Math.floor(most / 2);
  return name.length > most ? `${name.slice(0, half - 2)}…${name.slice(1 - half)}` : name;
}

function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

function signText(edge) {
  if (edge.sign === null) return "";
  const raises = edge.sign >= 0.5;
  return `${raises ? "raises" : "lowers"} (${number(raises ? edge.sign : 1 - edge.sign)})`;
}

// What is said of an edge where the pointer is on it.
function edgeText(edge) {
  const lines = [`${names[edge.source]} → ${names[edge.target]}`, `probability ${number(edge.probability, 3)}`];
  if (edge.sign !== null) lines.push(signText(edge));
  if (edge.correlation !== null) lines.push(`rank correlation ${number(edge.correlation)}`);
  if (edge.shift !== null) lines.push(`shift ${number(edge.shift)} s.d. in ${plural(edge.rows, "row")} where the cause was set`);
  return lines;
}

const tip = $("tip");

function showTip(lines, x, y) {
  tip.replaceChildren(...lines.map((line, k) => element(k ? "div" : "strong", {}, line)));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - box.width - 8))}px`;
  tip.style.top = `${y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18}px`;
}

function hideTip() {
  tip.hidden = true;
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// The parts that draw with colours draw anew when light becomes dark.
const darkness = matchMedia("(prefers-color-scheme: dark)");

function save(name, content) {
  const link = element("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
