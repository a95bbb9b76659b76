// The network: pan, zoom, hover, click; edges come and go with the threshold.
const MOST_DRAWN = 2500;
const LABELLED = 80;
const pill = names.length <= LABELLED;

const pen = document.createElement("canvas").getContext("2d");
pen.font = "500 13px system-ui, sans-serif";
const short = names.map((name) => (name.length <= 24 ? name : `${name.slice(0, 9)}…${name.slice(-14)}`));
const widths = short.map((name) => Math.max(30, pen.measureText(name).width + 20));

const cy = cytoscape({
  container: $("network"),
  elements: names.map((name, k) => ({
    data: { id: `n${k}`, node: k, label: short[k], width: widths[k] },
    position: { x: report.places[k][0], y: report.places[k][1] },
  })),
  layout: { name: "preset" },
  minZoom: 0.02,
  maxZoom: 4,
  boxSelectionEnabled: false,
  userZoomingEnabled: false,
  hideEdgesOnViewport: names.length > 300,
  pixelRatio: names.length > 300 ? 1 : "auto",
});

function paint() {
  const at = (name) => colour(name);
  const style = [
    {
      selector: "node",
      style: {
        label: "data(label)",
        "font-family": "system-ui, sans-serif",
        "font-size": pill ? 13 : 14,
        "font-weight": 500,
        color: at("ink"),
        "min-zoomed-font-size": 7,
        "text-valign": pill ? "center" : "top",
        "text-margin-y": pill ? 0 : -3,
        shape: pill ? "round-rectangle" : "ellipse",
        width: pill ? "data(width)" : 14,
        height: pill ? 28 : 14,
        "background-color": pill ? at("node") : at("node-dot"),
        "border-width": 1,
        "border-color": at("node-line"),
        "text-outline-width": pill ? 0 : 2,
        "text-outline-color": at("card"),
        "overlay-opacity": 0,
      },
    },
    {
      selector: "edge",
      style: {
        "curve-style": "bezier",
        "control-point-step-size": 34,
        width: `mapData(probability, ${Math.min(report.cut, 0.99)}, 1, 1, 3.4)`,
        opacity: `mapData(probability, 0, 1, 0.25, 0.95)`,
        "line-color": at("edge"),
        "target-arrow-color": at("edge"),
        "target-arrow-shape": "triangle",
        "arrow-scale": pill ? 1 : 0.8,
        "overlay-opacity": 0,
      },
    },
    { selector: "edge.raises", style: { "line-color": at("raises"), "target-arrow-color": at("raises") } },
    {
      selector: "edge.lowers",
      style: { "line-color": at("lowers"), "target-arrow-color": at("lowers"), "target-arrow-shape": "tee" },
    },
    { selector: ".hidden", style: { display: "none" } },
    { selector: ".faint", style: { opacity: 0.22 } },
    { selector: "node.near", style: { "border-width": 2, "border-color": at("accent") } },
    { selector: "node.hit", style: { "border-width": 3, "border-color": at("accent"), "background-color": at("hit") } },
    { selector: "edge.hit", style: { opacity: 1, "line-color": at("accent"), "target-arrow-color": at("accent"), width: 4 } },
    { selector: "edge.hover", style: { opacity: 1, width: 4 } },
  ];
  cy.style(style);
}

let drawn = 0;

function drawEdges() {
  const wanted = Math.min(countAbove(state.threshold), MOST_DRAWN);
  cy.batch(() => {
    if (wanted < drawn) {
      cy.edges().filter((edge) => edge.data("edge") >= wanted).remove();
    } else if (wanted > drawn) {
      cy.add(edges.slice(drawn, wanted).map((edge) => ({
        data: { id: `e${edge.id}`, source: `n${edge.source}`, target: `n${edge.target}`, edge: edge.id, probability: edge.probability },
        classes: edge.sign === null ? "" : edge.sign >= 0.5 ? "raises" : "lowers",
      })));
    }
    drawn = wanted;
    const linked = new Set();
    for (const edge of edges.slice(0, drawn)) linked.add(edge.source).add(edge.target);
    cy.nodes().forEach((node) => { node.toggleClass("hidden", !state.alone && !linked.has(node.data("node"))); });
  });
}

// What is selected or searched for stands out, the rest steps back.
function emphasise() {
  const hits = new Set(matches(state.query));
  cy.batch(() => {
    cy.elements().removeClass("faint near hit");
    let near = null;
    if (state.edge !== null) {
      const edge = cy.getElementById(`e${state.edge}`);
      const ends = cy.getElementById(`n${edges[state.edge].source}`).union(cy.getElementById(`n${edges[state.edge].target}`));
      edge.addClass("hit");
      ends.addClass("near");
      near = ends.union(edge);
    } else if (state.node !== null) {
      const node = cy.getElementById(`n${state.node}`);
      near = node.closedNeighborhood();
      near.nodes().addClass("near");
      node.addClass("hit");
    } else if (hits.size) {
      const found = cy.nodes().filter((node) => hits.has(node.data("node")));
      found.removeClass("hidden").addClass("hit");
      near = found.union(found.connectedEdges());
    }
    if (near) cy.elements().not(near).addClass("faint");
  });
}

function fit(some) {
  const wanted = some && some.length ? some : cy.elements(":visible");
  cy.fit(wanted, 34);
  if (cy.zoom() > 1.4) { cy.zoom(1.4); cy.center(wanted); }
}

function zoomBy(factor) {
  cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
}

function arrange() {
  const shown = cy.elements(":visible");
  const linked = shown.nodes().filter((node) => node.degree() > 0);
  const name = linked.length <= 200 ? "cose" : "breadthfirst";
  linked.union(linked.connectedEdges()).layout({
    name, animate: false, directed: true, randomize: false, padding: 34,
    nodeDimensionsIncludeLabels: true, idealEdgeLength: 90, nodeRepulsion: 60000,
  }).run();
  fit();
}

cy.on("mouseover", "edge", (event) => { event.target.addClass("hover"); });
cy.on("mouseout", "edge", (event) => { event.target.removeClass("hover"); hideTip(); });
cy.on("mouseout", "node", hideTip);
cy.on("mousemove", "node, edge", (event) => {
  const { edge, node } = event.target.data();
  const { clientX, clientY } = event.originalEvent;
  showTip(event.target.isEdge() ? edgeText(edges[edge]) : nodeText(node), clientX, clientY);
});
cy.on("tap", "edge", (event) => update({ edge: event.target.data("edge"), node: null }));
cy.on("tap", "node", (event) => update({ node: event.target.data("node"), edge: null }));
cy.on("tap", (event) => { if (event.target === cy) update({ node: null, edge: null }); });
// The page scrolls past the drawing until one clicks into it.
$("network").addEventListener("pointerdown", () => cy.userZoomingEnabled(true));
$("network").addEventListener("pointerleave", () => { cy.userZoomingEnabled(false); hideTip(); });

function nodeText(node) {
  const shown = edges.slice(0, countAbove(state.threshold));
  const causes = shown.filter((edge) => edge.target === node).length;
  const effects = shown.filter((edge) => edge.source === node).length;
  const set = report.data.set[node];
  return [names[node], `${plural(causes, "cause")}, ${plural(effects, "effect")} shown`, ...(set ? [`set in ${plural(set, "row")}`] : [])];
}

listeners.push((change) => {
  if ("threshold" in change || "alone" in change) drawEdges();
  emphasise();
});
