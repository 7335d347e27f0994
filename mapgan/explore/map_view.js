// The map: a canvas that shows the image, and over it the grid, the plan that is painted, and the squares that are marked.
// `props.value` is what `view.map_value` made; strokes and marks go to Python as the events 'paint' and 'reroll'.
const frame = element.querySelector(".map-view"), canvas = element.querySelector("canvas");
const context = canvas.getContext("2d");
const state = { mode: "view", brush: 0, size: 1, opacity: 0.5, grid: false, stroke: 0 };
let image = null, plan = [], marks = new Set(), hover = null, start = null, last = null;

const shown = () => props.value || { columns: 1, rows: 1, colors: [], plan: [] };
const key = (column, row) => column + "," + row;
const inside = (column, row) => column >= 0 && row >= 0 && column < shown().columns && row < shown().rows;

function fit() {
  const { columns, rows } = shown();
  const room = window.innerWidth < 900 ? window.innerHeight * 0.6 : window.innerHeight - 190;
  const scale = Math.min(frame.clientWidth / columns, Math.max(room, 240) / rows);
  const dense = window.devicePixelRatio || 1;
  canvas.style.width = Math.floor(scale * columns) + "px";
  canvas.style.height = Math.floor(scale * rows) + "px";
  canvas.width = Math.round(scale * columns * dense);
  canvas.height = Math.round(scale * rows * dense);
  draw();
}

function draw() {
  const { columns, rows, colors } = shown();
  const side = canvas.width / columns, down = canvas.height / rows;
  context.globalAlpha = 1;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  if (image) context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const fill = (column, row) => context.fillRect(
    Math.round(column * side), Math.round(row * down),
    Math.round((column + 1) * side) - Math.round(column * side), Math.round((row + 1) * down) - Math.round(row * down));
  if (state.mode === "paint") {
    context.globalAlpha = state.opacity;
    plan.forEach((line, row) => line.forEach((label, column) => {
      if (label < 0) return;
      context.fillStyle = colors[label];
      fill(column, row);
    }));
  }
  if (state.grid || state.mode !== "view") {
    context.globalAlpha = state.grid ? 0.5 : 0.18;
    context.strokeStyle = "#14110d";
    context.lineWidth = Math.max(1, canvas.width / canvas.clientWidth);
    context.beginPath();
    for (let x = 0; x <= columns; x++) { context.moveTo(x * side, 0); context.lineTo(x * side, canvas.height); }
    for (let y = 0; y <= rows; y++) { context.moveTo(0, y * down); context.lineTo(canvas.width, y * down); }
    context.stroke();
  }
  if (state.mode === "mark") {
    const covered = new Set(marks);
    if (start && last) between(start, last).forEach(([x, y]) => covered.add(key(x, y)));
    context.globalAlpha = 0.45;
    context.fillStyle = "#e9a23b";
    covered.forEach((mark) => fill(...mark.split(",").map(Number)));
  }
  if (hover && state.mode !== "view") {
    const reach = state.mode === "paint" ? state.size : 1, from = -Math.floor((reach - 1) / 2);
    context.globalAlpha = 0.95;
    context.strokeStyle = "#fff";
    context.lineWidth = 2 * canvas.width / canvas.clientWidth;
    context.strokeRect((hover[0] + from) * side, (hover[1] + from) * down, reach * side, reach * down);
  }
}

function between([x, y], [right, bottom]) {
  const found = [];
  for (let row = Math.min(y, bottom); row <= Math.max(y, bottom); row++)
    for (let column = Math.min(x, right); column <= Math.max(x, right); column++)
      if (inside(column, row)) found.push([column, row]);
  return found;
}

function dab(column, row) {
  const from = -Math.floor((state.size - 1) / 2);
  for (let y = row + from; y < row + from + state.size; y++)
    for (let x = column + from; x < column + from + state.size; x++)
      if (inside(x, y) && plan[y]) plan[y][x] = state.brush;
}

function line([x, y], [right, bottom]) {
  const steps = Math.max(Math.abs(right - x), Math.abs(bottom - y), 1);
  for (let step = 0; step <= steps; step++)
    dab(Math.round(x + (right - x) * step / steps), Math.round(y + (bottom - y) * step / steps));
}

function flood(column, row) {
  const old = plan[row] && plan[row][column], waiting = [[column, row]];
  if (old === undefined || old === state.brush) return;
  while (waiting.length) {
    const [x, y] = waiting.pop();
    if (!inside(x, y) || plan[y][x] !== old) continue;
    plan[y][x] = state.brush;
    waiting.push([x + 1, y], [x - 1, y], [x, y + 1], [x, y - 1]);
  }
}

function square(event) {
  const box = canvas.getBoundingClientRect(), { columns, rows } = shown();
  return [
    Math.min(columns - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * columns))),
    Math.min(rows - 1, Math.max(0, Math.floor((event.clientY - box.top) / box.height * rows))),
  ];
}

function press(place) {
  if (state.mode === "view" || (state.mode === "paint" && !shown().paints)) return;
  const brush = document.querySelector('[data-brush][aria-checked="true"]'); // another generator has other brushes
  if (brush) state.brush = Number(brush.dataset.brush);
  start = last = place;
  if (state.mode === "paint") state.size ? dab(...place) : flood(...place);
  draw();
}

function move(place) {
  hover = place;
  if (start) {
    if (state.mode === "paint" && state.size) line(last, place);
    last = place;
  }
  if (state.mode !== "view") draw();
}

function release() {
  if (!start) return;
  if (state.mode === "paint") send();
  if (state.mode === "mark") {
    const squares = between(start, last).map(([x, y]) => key(x, y));
    const undo = squares.every((mark) => marks.has(mark));
    squares.forEach((mark) => undo ? marks.delete(mark) : marks.add(mark));
  }
  start = last = null;
  draw();
}

function send() {
  state.stroke += 1;
  trigger("paint", { plan: plan, stroke: state.stroke });
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button || state.mode === "view") return;
  canvas.setPointerCapture(event.pointerId);
  press(square(event));
});
canvas.addEventListener("pointermove", (event) => move(square(event)));
canvas.addEventListener("pointerup", release);
canvas.addEventListener("pointercancel", release);
canvas.addEventListener("pointerleave", () => { hover = null; draw(); });
canvas.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (state.mode === "view" || !(event.key in steps || event.key === " " || event.key === "Enter")) return;
  event.preventDefault();
  const here = hover || [0, 0], step = steps[event.key];
  if (!step) { press(here); release(); return; }
  if (inside(here[0] + step[0], here[1] + step[1])) hover = [here[0] + step[0], here[1] + step[1]];
  draw();
});

function show() {
  const value = props.value;
  if (!value || !value.image) return;
  if (value.stroke >= state.stroke && !start) {
    state.stroke = value.stroke;
    plan = value.plan.map((row) => row.slice());
  }
  if (state.columns !== value.columns || state.rows !== value.rows) marks = new Set();
  state.columns = value.columns;
  state.rows = value.rows;
  const next = new Image();
  next.onload = () => { image = next; canvas.dataset.latent = value.latent; fit(); };
  next.src = value.image;
  canvas.setAttribute("aria-label", value.about);
}

window.mapganMap = {
  mode: (mode) => { state.mode = mode; start = hover = null; frame.dataset.mode = mode; draw(); },
  size: (size) => { state.size = size; },
  grid: (on) => { state.grid = on; draw(); },
  clear: () => { marks = new Set(); draw(); },
  all: () => { between([0, 0], [shown().columns - 1, shown().rows - 1]).forEach(([x, y]) => marks.add(key(x, y))); draw(); },
  reroll: () => trigger("reroll", { marks: [...marks].map((mark) => mark.split(",").map(Number)) }),
};

// the brushes are drawn by Python, elsewhere on the page
document.addEventListener("click", (event) => {
  const brush = event.target.closest && event.target.closest("[data-brush]");
  if (!brush) return;
  document.querySelectorAll("[data-brush]").forEach((one) => one.setAttribute("aria-checked", String(one === brush)));
});
document.addEventListener("input", (event) => {
  if (event.target.id !== "plan-opacity") return;
  state.opacity = Number(event.target.value);
  draw();
});

watch("value", show);
new ResizeObserver(fit).observe(frame);
window.addEventListener("resize", fit);
show();
