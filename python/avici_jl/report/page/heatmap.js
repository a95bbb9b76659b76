// The heat map of all probabilities, causes in rows; of large tables each cell is the largest of several pairs.
const matrix = { ...report.matrix, values: bytes(report.matrix.values) };
const canvas = $("matrix");
const named = matrix.size === 1 && matrix.side <= 60;
const cursor = { row: 0, column: 0, on: false };
let grid = null;

function mixed(from, to, part) {
  return from.map((value, k) => Math.round(value + (to[k] - value) * part));
}

function rgb(hex) {
  return [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
}

// From the paper over a middle tone to the strongest, so that small probabilities can still be seen.
let picture = null;

function colourMatrix() {
  const [low, middle, high] = ["heat-0", "heat-1", "heat-2"].map((name) => rgb(colour(name)));
  const palette = Array.from({ length: 256 }, (_, k) => (k < 128 ? mixed(low, middle, k / 127.5) : mixed(middle, high, k / 127.5 - 1)));
  const image = new ImageData(matrix.side, matrix.side);
  matrix.values.forEach((value, k) => {
    const [red, green, blue] = palette[value];
    image.data[4 * k] = red;
    image.data[4 * k + 1] = green;
    image.data[4 * k + 2] = blue;
    image.data[4 * k + 3] = 255;
  });
  picture = element("canvas", { width: matrix.side, height: matrix.side });
  picture.getContext("2d").putImageData(image, 0, 0);
}

function drawMatrix() {
  const wide = Math.min(canvas.parentElement.clientWidth - 70, 760);
  const room = named ? Math.min(150, 16 + Math.max(...names.map((name) => pen.measureText(name.slice(0, 18)).width)) * 0.85) : 26;
  const size = Math.max(Math.floor(((wide - room) / matrix.side) * (matrix.side < 200 ? 1 : 100)) / (matrix.side < 200 ? 1 : 100), 0.5);
  const cellSize = Math.min(size, 36);
  const side = cellSize * matrix.side;
  const ratio = devicePixelRatio || 1;
  grid = { room, cell: cellSize, side };
  canvas.style.width = canvas.style.height = `${room + side + 2}px`;
  canvas.width = canvas.height = Math.ceil((room + side + 2) * ratio);
  const brush = canvas.getContext("2d");
  brush.scale(ratio, ratio);
  brush.imageSmoothingEnabled = false;
  brush.drawImage(picture, room, room, side, side);
  if (cellSize >= 7) {
    brush.strokeStyle = colour("line");
    brush.lineWidth = 0.5;
    brush.beginPath();
    for (let k = 0; k <= matrix.side; k++) {
      brush.moveTo(room + k * cellSize, room); brush.lineTo(room + k * cellSize, room + side);
      brush.moveTo(room, room + k * cellSize); brush.lineTo(room + side, room + k * cellSize);
    }
    brush.stroke();
  } else {
    brush.strokeStyle = colour("line");
    brush.strokeRect(room, room, side, side);
  }
  brush.fillStyle = colour("muted");
  brush.font = "12px system-ui, sans-serif";
  if (named) labels(brush);
  else {
    brush.fillText("effect →", room, room - 9);
    brush.save();
    brush.translate(room - 9, room);
    brush.rotate(-Math.PI / 2);
    brush.textAlign = "right";
    brush.fillText("← cause", 0, 0);
    brush.restore();
  }
  mark(brush);
}

function labels(brush) {
  const { room, cell } = grid;
  brush.font = `${Math.min(12, Math.max(8, cell - 1))}px system-ui, sans-serif`;
  matrix.order.forEach((variable, k) => {
    const name = names[variable].length > 18 ? `${names[variable].slice(0, 17)}…` : names[variable];
    const at = room + (k + 0.5) * cell;
    brush.textAlign = "right";
    brush.textBaseline = "middle";
    brush.fillText(name, room - 6, at, room - 8);
    brush.save();
    brush.translate(at, room - 6);
    brush.rotate(-Math.PI / 2);
    brush.textAlign = "left";
    brush.fillText(name, 0, 0, room - 8);
    brush.restore();
  });
}

// The selected edge and the place of the keys.
function mark(brush) {
  const { room, cell } = grid;
  const box = (row, column, name) => {
    const size = Math.max(cell, 5);
    brush.strokeStyle = colour(name);
    brush.lineWidth = 2;
    brush.strokeRect(room + (column + 0.5) * cell - size / 2, room + (row + 0.5) * cell - size / 2, size, size);
  };
  if (state.edge !== null) {
    const place = (variable) => Math.floor(matrix.order.indexOf(variable) / matrix.size);
    box(place(edges[state.edge].source), place(edges[state.edge].target), "accent");
  }
  if (cursor.on) box(cursor.row, cursor.column, "ink");
}

// The pair of variables in a cell, the most probable of several.
function pairAt(row, column) {
  let best = null;
  const of = (k) => matrix.order.slice(k * matrix.size, (k + 1) * matrix.size);
  for (const source of of(row)) for (const target of of(column)) {
    const edge = edgeAt.get(source * names.length + target);
    if (edge && (!best || edge.probability > best.probability)) best = edge;
  }
  return { edge: best, probability: matrix.values[row * matrix.side + column] / 255, source: of(row)[0], target: of(column)[0] };
}

function matrixText({ edge, probability, source, target }) {
  if (edge) return edgeText(edge);
  if (source === target && matrix.size === 1) return [names[source], "a variable is no cause of itself"];
  const about = matrix.size > 1 ? " and its neighbours" : "";
  return [`${names[source]}${about} → ${names[target]}${about}`, `probability at most ${number(probability)}`];
}

function cellAt(event) {
  const box = canvas.getBoundingClientRect();
  const [column, row] = [event.clientX - box.left, event.clientY - box.top].map((at) => Math.floor((at - grid.room) / grid.cell));
  return row >= 0 && column >= 0 && row < matrix.side && column < matrix.side ? { row, column } : null;
}

canvas.addEventListener("pointermove", (event) => {
  const at = cellAt(event);
  if (at) showTip(matrixText(pairAt(at.row, at.column)), event.clientX, event.clientY);
  else hideTip();
});
canvas.addEventListener("pointerleave", hideTip);
canvas.addEventListener("click", (event) => {
  const at = cellAt(event);
  const edge = at && pairAt(at.row, at.column).edge;
  if (edge) update({ edge: edge.id, node: null });
});
canvas.addEventListener("keydown", (event) => {
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const { edge } = pairAt(cursor.row, cursor.column);
  if (move) {
    cursor.row = Math.min(matrix.side - 1, Math.max(0, cursor.row + move[0]));
    cursor.column = Math.min(matrix.side - 1, Math.max(0, cursor.column + move[1]));
    drawMatrix();
    const box = canvas.getBoundingClientRect();
    showTip(matrixText(pairAt(cursor.row, cursor.column)), box.left + grid.room + cursor.column * grid.cell, box.top + grid.room + cursor.row * grid.cell);
  } else if (event.key === "Enter" && edge) update({ edge: edge.id, node: null });
  else return;
  event.preventDefault();
});
canvas.addEventListener("focus", () => { cursor.on = canvas.matches(":focus-visible"); drawMatrix(); });
canvas.addEventListener("blur", () => { cursor.on = false; hideTip(); drawMatrix(); });

$("scale").append("0", element("span", { class: "ramp" }), "1");
$("matrix-hint").textContent = "Rows cause columns; variables are ordered so that causes come before their effects." +
  (matrix.size > 1 ? ` Each cell is the largest probability of up to ${matrix.size} × ${matrix.size} pairs.` : "");

listeners.push((change) => { if ("edge" in change || "node" in change) drawMatrix(); });
