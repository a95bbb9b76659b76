// Small plots of the data behind a variable or an edge, in SVG.
const points = { ...report.points, values: bytes(report.points.values) };
const GAP = 255;
const WIDTH = 340, HEIGHT = 172, LEFT = 44, BOTTOM = 34, TOP = 10, RIGHT = 10;

function valueAt(row, variable) {
  const byte = points.values[row * names.length + variable];
  return byte === GAP ? null : points.low[variable] + (byte / (GAP - 1)) * (points.high[variable] - points.low[variable]);
}

const setIn = points.set.map((targets) => new Set(targets));
const rowsWhere = (test) => setIn.flatMap((targets, row) => (test(targets) ? [row] : []));
const free = rowsWhere((targets) => targets.size === 0);

function valuesOf(rows, variable) {
  return rows.map((row) => valueAt(row, variable)).filter((value) => value !== null);
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function ticks(low, high) {
  const rough = (high - low || 1) / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((size) => size >= rough);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-6; at += step) found.push(Math.abs(at) < step * 1e-6 ? 0 : at);
  return found;
}

function tickText(value) {
  const size = Math.abs(value);
  const text = size && (size >= 1e5 || size < 1e-3) ? value.toExponential(0) : String(Number(value.toPrecision(4)));
  return text.replace("-", "−");
}

const axisName = (variable) => (report.data.counts ? `log(1 + ${limited(names[variable])})` : limited(names[variable]));

// A frame with axes: what it holds is drawn by `x` and `y`, from data to pixels.
function frame(range, heights, title, about) {
  const pad = 0.04 * (range[1] - range[0] || 1);
  const [low, high] = [range[0] - pad, range[1] + pad];
  const x = (value) => LEFT + ((value - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - ((value - heights[0]) / (heights[1] - heights[0] || 1)) * (HEIGHT - BOTTOM - TOP);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": about });
  for (const at of ticks(low, high)) {
    picture.append(svg("line", { x1: x(at), x2: x(at), y1: TOP, y2: HEIGHT - BOTTOM, class: "grid" }),
      svg("text", { x: x(at), y: HEIGHT - BOTTOM + 14, class: "tick", "text-anchor": "middle" }, tickText(at)));
  }
  picture.append(svg("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 5, class: "axis", "text-anchor": "middle" }, title));
  return { picture, x, y };
}

function scatter(cause, effect, groups) {
  const pad = 0.06 * (points.high[effect] - points.low[effect] || 1);
  const heights = [points.low[effect] - pad, points.high[effect] + pad];
  const about = `${names[effect]} against ${names[cause]}, a point for each row`;
  const { picture, x, y } = frame([points.low[cause], points.high[cause]], heights, axisName(cause), about);
  for (const at of ticks(...heights)) {
    picture.append(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(at), y2: y(at), class: "grid" }),
      svg("text", { x: LEFT - 5, y: y(at) + 4, class: "tick", "text-anchor": "end" }, tickText(at)));
  }
  picture.append(svg("text", { class: "axis", "text-anchor": "middle",
    transform: `translate(11 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)` }, axisName(effect)));
  for (const { rows, look } of groups) for (const row of rows) {
    const [a, b] = [valueAt(row, cause), valueAt(row, effect)];
    if (a !== null && b !== null) picture.append(svg("circle", { cx: x(a).toFixed(1), cy: y(b).toFixed(1), r: 2.3, class: `dot ${look}` }));
  }
  return picture;
}

// Density of values on a grid: a kernel's, or, of few different values, shares.
function density(values, grid) {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor(0.25 * values.length)], sorted[Math.floor(0.75 * values.length)]];
  const centre = mean(values);
  const deviation = Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
  const spread = Math.min(deviation || Infinity, (high - low) / 1.34 || deviation || Infinity);
  const step = grid[1] - grid[0];
  const width = Math.max(Number.isFinite(spread) ? 0.9 * spread * values.length ** -0.2 : 0, 1.2 * step);
  return grid.map((at) => mean(values.map((value) => Math.exp(-0.5 * ((at - value) / width) ** 2))) / width);
}

// Distributions of a variable in several groups of rows, with their means.
function distributions(variable, groups) {
  const known = groups.map((group) => ({ ...group, values: valuesOf(group.rows, variable) })).filter(({ values }) => values.length >= 3);
  if (!known.length) return null;
  const [low, high] = [points.low[variable], points.high[variable]];
  const pad = 0.04 * (high - low || 1);
  const grid = Array.from({ length: 90 }, (_, k) => low - pad + ((high - low + 2 * pad) * k) / 89);
  const curves = known.map((group) => ({ ...group, curve: density(group.values, grid) }));
  const top = Math.max(...curves.flatMap(({ curve }) => curve));
  const about = `Distribution of ${names[variable]}: ${known.map(({ label, values }) => `${label}, mean ${mean(values).toFixed(2)}`).join("; ")}`;
  const { picture, x, y } = frame([low, high], [0, 1.05 * top], axisName(variable), about);
  for (const { curve, values, look } of curves) {
    const line = grid.map((at, k) => `${x(at).toFixed(1)},${y(curve[k]).toFixed(1)}`).join(" ");
    const floor = y(0).toFixed(1);
    picture.append(svg("polygon", { points: `${x(grid[0])},${floor} ${line} ${x(grid[89])},${floor}`, class: `area ${look}` }),
      svg("polyline", { points: line, class: `curve ${look}` }),
      svg("line", { x1: x(mean(values)), x2: x(mean(values)), y1: TOP, y2: y(0), class: `mean ${look}` }));
  }
  picture.append(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(0), y2: y(0), class: "base" }));
  return picture;
}

function key(groups) {
  return element("ul", { class: "key" }, ...groups.filter(({ rows }) => rows.length).map(({ look, label }) =>
    element("li", {}, element("span", { class: `swatch ${look}` }), label)));
}
