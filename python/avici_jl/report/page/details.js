// The panel beside the network: the data behind the edge or variable that is selected.
const panel = $("details");

function figure(heading, picture, groups) {
  return picture ? [element("h4", {}, heading), picture, key(groups)] : [];
}

function edgeGroups(cause, effect) {
  const set = rowsWhere((targets) => targets.has(cause) && !targets.has(effect));
  const others = rowsWhere((targets) => targets.size && !targets.has(cause) && !targets.has(effect));
  return [
    { rows: others, look: "others", label: "another variable set" },
    { rows: free, look: "free", label: report.data.interventional ? "no intervention" : "all rows" },
    { rows: set, look: "set", label: `${limited(names[cause])} set` },
  ];
}

// Without interventions on the cause: the effect where the cause is low, and where it is high.
function thirds(cause) {
  const rows = free.filter((row) => valueAt(row, cause) !== null).sort((a, b) => valueAt(a, cause) - valueAt(b, cause));
  const third = Math.floor(rows.length / 3);
  return [
    { rows: rows.slice(0, third), look: "free", label: `${limited(names[cause])} in its lowest third` },
    { rows: rows.slice(rows.length - third), look: "high", label: `${limited(names[cause])} in its highest third` },
  ];
}

function edgeStory(edge) {
  const [cause, effect] = [names[edge.source], names[edge.target]];
  const said = [];
  if (edge.rows && edge.shift !== null) {
    const way = edge.shift >= 0 ? "higher" : "lower";
    said.push(`In the ${plural(edge.rows, "row")} where ${cause} was set, ${effect} is on average ` +
      `${number(Math.abs(edge.shift))} s.d. ${way} than in rows without an intervention.`);
  } else if (report.data.interventional) said.push(`${cause} was never set in these data.`);
  if (edge.correlation !== null) said.push(`Their rank correlation is ${number(edge.correlation)}.`);
  const back = edgeAt.get(edge.target * names.length + edge.source);
  said.push(back ? `The other direction has the probability ${number(back.probability, 3)}.`
    : `The other direction has a probability below ${number(report.cut, 3)}.`);
  return said.join(" ");
}

// What the effect moves by, from mechanisms fitted to the data; along all paths of the sampled graphs.
function effectStory(edge) {
  const found = report.effects && report.effects[edge.id];
  if (!found) {
    return report.effects ? "Expected effects are fitted for the edges at the model’s threshold."
      : "Expected effects are not fitted in the report of so many variables; Posterior.effect gives one.";
  }
  const [mean, low, high] = found.slice(0, 3).map((value) => value.toPrecision(3).replace("-", "−"));
  const of = report.data.counts ? `Doubling ${names[edge.source]} moves ${names[edge.target]} by ${mean} doublings`
    : `Raising ${names[edge.source]} by one unit moves ${names[edge.target]} by ${mean}`;
  return `${of} (90 % interval ${low} to ${high}), on all paths; there is one in ${Math.round(100 * found[3])} % of the sampled graphs.`;
}

// How far such numbers carry: errors on interventions that were held out of simulated data.
const EFFECT_LIMITS = report.data.counts
  ? "Of counts, shifts foretold so were no better than “no change” on simulated knock-outs that were held out: a hint, not a size."
  : "On simulated interventions that were held out, numbers such as this were better than “no change” where mechanisms are linear, " +
    "and no better where they are curved.";

function showEdge(edge) {
  const groups = edgeGroups(edge.source, edge.target);
  const set = groups[2].rows.length >= 3;
  const compared = set ? groups.slice(1) : thirds(edge.source);
  const left = edge.rows && !set ? [element("p", { class: "hint" },
    "Too few rows with this intervention are in this page to draw them; the numbers are of all rows.")] : [];
  panel.replaceChildren(
    element("h3", {}, names[edge.source], element("span", { class: "arrow" }, " → "), names[edge.target]),
    element("p", { class: "large" }, number(edge.probability, 3), element("small", {}, " probability"),
      ...(edge.sign === null ? [] : [element("span", { class: edge.sign >= 0.5 ? "raises" : "lowers" }, ` · ${signText(edge)}`)])),
    element("p", {}, edgeStory(edge)),
    element("h4", {}, "Expected effect"),
    element("p", { id: "effect" }, effectStory(edge)),
    ...(report.effects && report.effects[edge.id] ? [element("p", { class: "hint" }, EFFECT_LIMITS)] : []),
    ...left,
    ...figure("Row by row", scatter(edge.source, edge.target, groups), groups),
    ...figure(set ? "The effect, with and without the intervention" : "The effect, where the cause is low and high",
      distributions(edge.target, compared), compared),
    sampled());
}

function sampled() {
  const shown = points.set.length;
  return element("p", { class: "hint" }, shown < points.of
    ? `Plots show ${shown.toLocaleString("en")} of ${points.of.toLocaleString("en")} rows, drawn from every kind of row.` : "");
}

function links(list, end) {
  return list.length ? element("ul", { class: "links" }, ...list.slice(0, 12).map((edge) => element("li", {},
    element("button", { type: "button", onclick: () => update({ edge: edge.id, node: null }) }, names[edge[end]]),
    element("span", { class: "figure" }, ` ${number(edge.probability)}`))),
    ...(list.length > 12 ? [element("li", {}, `and ${list.length - 12} more`)] : [])) : element("p", { class: "none" }, "none shown");
}

function showNode(node) {
  const shown = edges.slice(0, countAbove(state.threshold));
  const set = rowsWhere((targets) => targets.has(node));
  const groups = [
    { rows: free, look: "free", label: report.data.interventional ? "no intervention" : "all rows" },
    { rows: set, look: "set", label: "set itself" },
  ];
  const gaps = report.data.gaps[node];
  const facts = [report.data.set[node] ? `Set in ${plural(report.data.set[node], "row")}.` : "Never set.",
    gaps ? `${(100 * gaps).toFixed(1)} % of its values are missing.` : ""];
  panel.replaceChildren(
    element("h3", {}, names[node]),
    element("p", {}, facts.join(" ")),
    element("h4", {}, "Its causes"), links(shown.filter((edge) => edge.target === node), "source"),
    element("h4", {}, "Its effects"), links(shown.filter((edge) => edge.source === node), "target"),
    ...figure("Its values", distributions(node, groups), groups),
    sampled());
}

function showNothing() {
  const shown = edges.slice(0, countAbove(state.threshold));
  const effects = new Map();
  for (const edge of shown) effects.set(edge.source, (effects.get(edge.source) || 0) + 1);
  const first = [...effects].sort((a, b) => b[1] - a[1]).slice(0, 8);
  panel.replaceChildren(
    element("h3", {}, "Most effects"),
    first.length ? element("ol", { class: "links" }, ...first.map(([node, count]) => element("li", {},
      element("button", { type: "button", onclick: () => update({ node, edge: null }) }, names[node]),
      element("span", { class: "figure" }, ` ${plural(count, "effect")}`)))) : element("p", {}, "No edge has this probability."),
    element("h3", {}, "Surest edges"),
    element("ol", { class: "links" }, ...shown.slice(0, 8).map((edge) => element("li", {},
      element("button", { type: "button", onclick: () => update({ edge: edge.id, node: null }) }, `${names[edge.source]} → ${names[edge.target]}`),
      element("span", { class: "figure" }, ` ${number(edge.probability)}`)))),
    element("p", { class: "hint" }, "Choose an edge or a variable to see the data behind it."));
}

function showDetails() {
  if (state.edge !== null) showEdge(edges[state.edge]);
  else if (state.node !== null) showNode(state.node);
  else showNothing();
}

listeners.push((change) => {
  if ("edge" in change || "node" in change || (state.edge === null && "threshold" in change)) showDetails();
});
