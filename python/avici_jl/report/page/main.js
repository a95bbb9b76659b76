// Connects the controls, and draws everything for the first time.
const slider = $("threshold");
slider.min = Math.ceil(100 * report.cut) / 100;
slider.max = 1;
slider.value = report.threshold;

slider.addEventListener("input", () => requestAnimationFrame(() => update({ threshold: Number(slider.value) })));
$("reset").addEventListener("click", () => update({ threshold: report.threshold }));

listeners.push((change) => {
  if (!("threshold" in change)) return;
  const count = countAbove(state.threshold);
  slider.value = state.threshold;
  $("threshold-shown").textContent = number(state.threshold);
  $("count").textContent = plural(count, "edge") + (count > MOST_DRAWN ? `, of which the ${MOST_DRAWN.toLocaleString("en")} surest are drawn` : "");
});

const search = $("search");
if (names.length <= 2000) $("names").append(...names.map((name) => element("option", { value: name })));
search.addEventListener("input", () => {
  const hits = matches(search.value);
  $("found").textContent = search.value.trim() ? plural(hits.length, "match", "matches") : "";
  const exact = names.indexOf(search.value.trim());
  update({ query: search.value, edge: null, node: exact >= 0 ? exact : null });
});
search.addEventListener("keydown", (event) => {
  const hits = matches(search.value);
  if (event.key !== "Enter" || !hits.length) return;
  const found = cy.nodes().filter((node) => hits.includes(node.data("node")));
  found.removeClass("hidden");
  fit(hits.length === 1 ? found.closedNeighborhood() : found);
  if (hits.length === 1) update({ node: hits[0], edge: null });
});

addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement && event.target.type !== "range" && event.target.type !== "checkbox";
  if (event.key === "/" && !typing) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "Escape") {
    search.value = "";
    $("found").textContent = "";
    update({ query: "", edge: null, node: null });
  }
});

$("closer").addEventListener("click", () => zoomBy(1.3));
$("farther").addEventListener("click", () => zoomBy(1 / 1.3));
$("fit").addEventListener("click", () => fit());
$("arrange").addEventListener("click", arrange);
$("picture").addEventListener("click", () => save("network.png", cy.png({ output: "blob", scale: 2, bg: colour("card"), maxWidth: 6000, maxHeight: 6000 })));
$("alone").checked = state.alone;
$("alone").addEventListener("change", () => { update({ alone: $("alone").checked }); fit(); });

function legend() {
  const line = (look, text) => element("span", {}, element("i", { class: `line ${look}` }), text);
  $("legend").replaceChildren(...(report.edges.sign ? [line("raises", "raises"), line("lowers", "lowers")] : [line("", "causes")]),
    line("thick", "more probable"));
}

function recolour() {
  paint();
  colourMatrix();
  drawMatrix();
}
darkness.addEventListener("change", recolour);
let waiting = 0;
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => { cy.resize(); drawMatrix(); }, 150);
});

legend();
recolour();
update({ threshold: report.threshold, edge: null, node: null });
fit();
document.documentElement.dataset.ready = "true";
