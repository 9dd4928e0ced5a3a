// A table of coloured cells: each is a button, arrow keys walk among them, names of rows and columns stay in sight.

const LEAN = 16; // pixels by which the last name leans out of its column, as the style leaves them

function drawHead(table, data) {
  const row = make(make(table, "thead"), "tr");
  make(row, "th", { scope: "col" }, data.corner);
  // A tilted name reaches over its neighbour, whose ground must not hide it.
  data.columns.forEach((title, number) => make(make(row, "th", { scope: "col", style: `z-index: ${60 - number}` }), "span", {}, title));
}

function drawRow(body, data, number, choose) {
  const { title, note, colour, pictures, apart, cells } = data.rows[number];
  const isRuled = number > 0 && apart !== data.rows[number - 1].apart;
  const row = make(body, "tr", { class: isRuled ? "ruled" : null });
  const name = make(make(row, "th", { scope: "row", title }), "div");
  if (colour) make(name, "i", { style: `background: ${colour}` });
  for (const address of pictures) make(name, "img", { src: address, alt: "" });
  make(name, "b", {}, title);
  if (note) make(name, "small", {}, note);
  cells.forEach((cell, column) => {
    const place = make(row, "td", { class: data.starts.includes(column) ? "first" : null });
    if (!cell) return;
    const [text, ground, ink, told, isTrained] = cell;
    const isSelected = data.selected.some(([r, c]) => r === number && c === column);
    const button = make(place, "button", {
      class: ground ? (isTrained ? "trained" : null) : "hidden",
      style: ground ? `--ground: ${ground}; --ink: ${ink}` : null,
      "aria-pressed": String(isSelected), "aria-label": told.replaceAll("\n", ", "), "data-at": `${number},${column}`, tabindex: "-1",
    }, text);
    button.onclick = () => choose(number, column);
  });
}

function drawLegend(root, { legend, framed }) {
  const place = make(root, "div", { class: "legend" });
  if (legend.bar) {
    const scale = make(place, "span", {}, legend.low);
    make(scale, "i", { class: "bar", style: `background: linear-gradient(to right, ${legend.bar.join(", ")})` });
    scale.append(legend.high);
  }
  for (const [colour, words] of legend.colours ?? []) {
    const one = make(place, "span");
    make(one, "i", { style: `background: ${colour}` });
    one.append(words);
  }
  for (const [name, words] of [["trained", framed], ["selected", "selected"]]) {
    if (!words) continue;
    const one = make(place, "span");
    make(one, "i", { class: name });
    one.append(words);
  }
}

// Focus goes to the nearest cell in a direction that there is.
function walk(root, event) {
  const by = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
  const from = event.target.dataset?.at?.split(",").map(Number);
  if (!by || !from) return;
  event.preventDefault();
  let [row, column] = from;
  for (let step = 0; step < 64; step += 1) {
    [row, column] = [row + by[0], column + by[1]];
    const next = root.querySelector(`[data-at="${row},${column}"]`);
    if (next) { event.target.tabIndex = -1; next.tabIndex = 0; next.focus(); return; }
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".cells");
  const focused = root.contains(parentElement.activeElement) ? parentElement.activeElement.dataset.at : null;
  const before = root.querySelector(".scroll");
  const [left, top] = [before?.scrollLeft ?? 0, before?.scrollTop ?? 0];
  root.replaceChildren();
  const scroll = make(root, "div", { class: "scroll" });
  const table = make(scroll, "table", { "aria-label": data.alt });
  drawHead(table, data);
  const body = make(table, "tbody");
  const choose = (row, column) => setTriggerValue("cell", [data.names.rows[row], data.names.columns[column]]);
  data.rows.forEach((_, number) => drawRow(body, data, number, choose));
  drawLegend(root, data);
  const told = make(root, "p", { class: "told", "aria-hidden": "true" }, data.hint);
  scroll.scrollTo(left, top);

  const first = root.querySelector(`[data-at="${focused}"]`) ?? root.querySelector('[aria-pressed="true"]') ?? root.querySelector("button");
  if (first) first.tabIndex = 0;
  if (focused) first?.focus({ preventScroll: true });
  const tell = (event) => { told.textContent = event.target.getAttribute?.("aria-label") ?? data.hint; };
  body.onpointerover = tell;
  body.onfocusin = tell;
  body.onpointerleave = () => { told.textContent = data.hint; };
  body.onkeydown = (event) => walk(root, event);

  // Names stand upright where they fit.
  const fit = () => {
    root.classList.remove("tilted");
    const width = root.clientWidth;
    const own = Math.max(...[...body.querySelectorAll("th")].map((one) => one.offsetWidth));
    const wanted = own + 72 * data.columns.length;
    table.style.width = `${Math.min(width, wanted)}px`;
    const names = [...table.querySelectorAll("thead th:not(:first-child)")];
    const least = parseFloat(getComputedStyle(body.querySelector("button")).minWidth);
    const room = Math.max((Math.min(width, wanted) - own) / names.length, least);
    const longest = Math.max(...names.map((one) => one.firstChild.offsetWidth));
    const isTilted = longest + 6 > room;
    root.classList.toggle("tilted", isTilted);
    if (isTilted) table.style.width = `${Math.min(width - LEAN, wanted)}px`;
    root.style.setProperty("--names", `${Math.round(longest * 0.9 + least)}px`);
  };
  fit();
  root.watcher?.disconnect();
  root.watcher = new ResizeObserver(fit);
  root.watcher.observe(root);
  return () => root.watcher.disconnect();
}
