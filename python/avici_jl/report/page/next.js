// What to do next: the interventions that would settle most of what is open about the edges.
const share = (value) => `${(100 * value).toFixed(value < 0.0995 ? 1 : 0)} %`;

function toVariable(node) {
  return element("button", { type: "button", class: "link", onclick: () => {
    update({ node, edge: null });
    $("network-part").scrollIntoView();
  } }, limited(names[node], 60));
}

$("next-part").hidden = !report.next.length;
$("next").append(
  element("thead", {}, element("tr", {}, ...[["Set", ""], ["Settles", "figure"], ["With those above", "figure"], ["Rows so far", "figure"],
    ["Mostly whether", ""]].map(([heading, look]) => element("th", { scope: "col", class: look }, heading)))),
  element("tbody", {}, ...report.next.map((step) => element("tr", {},
    element("td", {}, toVariable(step.variable)),
    element("td", { class: "figure" }, element("span", { class: "bar", style: `--part: ${step.settles / report.next[0].settles}` }), share(step.settles)),
    element("td", { class: "figure" }, share(step.total)),
    element("td", { class: "figure" }, step.rows.toLocaleString("en")),
    element("td", {}, step.edges.map(([source, target]) => `${limited(names[source])} → ${limited(names[target])}`).join(", "))))));
