// The table of edges: sorts, follows the threshold and the search, and is walked through by keys.
const STEP = 100;
const COLUMNS = [
  ["source", "Cause", (edge) => names[edge.source]],
  ["target", "Effect", (edge) => names[edge.target]],
  ["probability", "Probability", (edge) => edge.probability],
  ["sign", "Sign", (edge) => edge.sign],
  ["correlation", "Correlation", (edge) => edge.correlation],
  ["shift", "Shift (s.d.)", (edge) => edge.shift],
  ["rows", "Rows with cause set", (edge) => edge.rows],
].filter(([key]) => (key !== "sign" || report.edges.sign) && (!["shift", "rows"].includes(key) || report.data.interventional));

const sorting = { key: "probability", down: true };
let most = STEP;
const body = $("edges").tBodies[0];

$("edges").tHead.append(element("tr", {}, ...COLUMNS.map(([key, heading]) => element(
  "th", { scope: "col", "data-key": key, class: key === "source" || key === "target" ? "" : "figure" },
  element("button", { type: "button", onclick: () => {
    if (sorting.key === key) sorting.down = !sorting.down;
    else Object.assign(sorting, { key, down: key !== "source" && key !== "target" });
    list();
  } }, heading)))));

function listed() {
  const hits = new Set(matches(state.query));
  const shown = edges.slice(0, countAbove(state.threshold))
    .filter((edge) => !hits.size || hits.has(edge.source) || hits.has(edge.target));
  const value = COLUMNS.find(([key]) => key === sorting.key)[2];
  const way = sorting.down ? -1 : 1;
  const size = (edge) => (["shift", "correlation"].includes(sorting.key) ? Math.abs(value(edge)) : value(edge));
  return shown.sort((a, b) => {
    if (value(a) === null || value(b) === null) return (value(a) === null) - (value(b) === null);
    if (typeof value(a) === "string") return way * value(a).localeCompare(value(b), undefined, { numeric: true });
    return way * (size(a) - size(b));
  });
}

function cell(edge, key) {
  if (key === "source" || key === "target") return element("td", { class: "name", title: names[edge[key]] }, limited(names[edge[key]], 60));
  if (key === "sign") return element("td", { class: `figure ${edge.sign >= 0.5 ? "raises" : "lowers"}` }, signText(edge));
  if (key === "probability") {
    const bar = element("span", { class: "bar", style: `--part: ${edge.probability}` });
    return element("td", { class: "figure" }, bar, number(edge.probability, 3));
  }
  return element("td", { class: "figure" }, key === "rows" ? edge.rows.toLocaleString("en") : number(edge[key]));
}

function list() {
  const shown = listed();
  for (const heading of $("edges").tHead.rows[0].cells) {
    heading.setAttribute("aria-sort", heading.dataset.key !== sorting.key ? "none" : sorting.down ? "descending" : "ascending");
  }
  body.replaceChildren(...shown.slice(0, most).map((edge, k) => element(
    "tr", { "data-edge": edge.id, tabindex: k ? -1 : 0, "aria-selected": String(edge.id === state.edge) },
    ...COLUMNS.map(([key]) => cell(edge, key)))));
  $("more").hidden = shown.length <= most;
  $("listed").textContent = shown.length > most ? `${most} of ${plural(shown.length, "edge")}` : plural(shown.length, "edge");
}

function choose(row) {
  update({ edge: Number(row.dataset.edge), node: null });
}

body.addEventListener("click", (event) => {
  const row = event.target.closest("tr");
  if (row) choose(row);
});
body.addEventListener("keydown", (event) => {
  const row = event.target.closest("tr");
  const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key];
  if (next) {
    row.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    choose(next);
  } else if (event.key === "Enter" || event.key === " ") choose(row);
  else return;
  event.preventDefault();
});
$("more").addEventListener("click", () => { most += 5 * STEP; list(); });

// Everything that the table lists, as spreadsheets read it; a name that they would take for a formula is quoted.
function csv() {
  const safe = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  const quoted = (value) => (typeof value === "string" ? `"${safe(value).replaceAll('"', '""')}"` : value === null ? "" : value);
  return [COLUMNS.map(([key]) => key), ...listed().map((edge) => COLUMNS.map(([, , value]) => quoted(value(edge))))]
    .map((row) => row.join(",")).join("\n") + "\n";
}

$("download").addEventListener("click", () => save("edges.csv", new Blob([csv()], { type: "text/csv" })));

listeners.push((change) => {
  if ("threshold" in change || "query" in change) {
    most = STEP;
    list();
  } else if ("edge" in change) {
    for (const row of body.rows) row.setAttribute("aria-selected", String(Number(row.dataset.edge) === state.edge));
  }
});
