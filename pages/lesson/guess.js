// The figure of a lesson: before the reveal one draws a guess in it, afterwards the answer stands behind the guess.
// Everything that can be dragged is a slider for the keyboard too; cells and options are buttons.
// With data.mode it is the figure of a class: "send" sends the guess instead of revealing, "watch" shows what a class
// guesses (data.crowd), and "print" leaves the place for a pencil.

const SVG = "http://www.w3.org/2000/svg";
const STEPS = 40; // of a handle between the ends of its axis, by the keyboard

function make(parent, name, attributes = {}, text = null) {
  const inSvg = parent.namespaceURI === SVG || name === "svg";
  const element = inSvg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  parent.append(element);
  return element;
}

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const shown = (value) => value.toFixed(2).replace("-", "−");

const isPlain = (data, number) => data.mode !== "print" || number === 0; // on paper, where colours may be grey
const isLine = (data) => data.kind === "curve" || data.kind === "mark";
const isWatched = (data) => data.mode === "watch" || data.mode === "print"; // nobody guesses in it

// For who teaches: a class that guesses together, and paper.
function drawTeaching(place, number) {
  const line = make(place, "form", { class: "teach", method: "post", action: "class" });
  make(line, "input", { type: "hidden", name: "n", value: number });
  make(line, "span", {}, "For a class:");
  make(line, "button", {}, "Guess together");
  make(line, "a", { href: `sheet/blank/${number}`, target: "_blank" }, "Worksheet");
  make(line, "a", { href: `sheet/answer/${number}`, target: "_blank" }, "Answer sheet");
}

// Pixels of the plot, for a given width of the whole.
function frame(data, width) {
  const small = width < 560;
  const size = data.present ? 20 : 13; // of letters
  const scale = size / 13;
  const room = data.mode === "print" ? 250 : small ? 290 : 300;
  const height = (data.present ? 340 - 40 * data.revealed : room) - (data.kind === "choice" ? 30 : 0);
  const left = 44 * scale;
  const right = width - 10;
  const top = 12 * scale;
  const bottom = height - (small ? 76 : 46) * scale;
  const [low, high] = data.range;
  const scaled = data.xs.map((x) => (data.log ? Math.log(x) : x));
  const [first, last] = [Math.min(...scaled), Math.max(...scaled)];
  const pad = 24;
  const toX = (value) => {
    const x = data.log ? Math.log(value) : value;
    return left + pad + ((x - first) / (last - first || 1)) * (right - left - 2 * pad);
  };
  const fromX = (pixel) => {
    const x = first + ((pixel - left - pad) / (right - left - 2 * pad)) * (last - first);
    return clamp(data.log ? Math.exp(x) : x, Math.min(...data.xs), Math.max(...data.xs));
  };
  const band = (right - left) / data.titles.length;
  return {
    small, size, width, height, left, right, top, bottom, band, toX, fromX,
    toY: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
    fromY: (pixel) => clamp(low + ((bottom - pixel) / (bottom - top)) * (high - low), low, high),
    bandX: (place) => left + (place + 0.5) * band,
  };
}

// Words in lines of about so many letters, for a phone.
function inLines(words, most) {
  return words.split(" ").reduce((lines, word) => {
    const last = lines.at(-1);
    if (last && last.length + word.length < most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
    return lines;
  }, []);
}

function drawAxes(svg, data, at) {
  const [low, high] = data.range;
  const step = (high - low) / 5;
  for (let tick = 0; tick <= 5; tick += 1) {
    const value = low + tick * step;
    const y = at.toY(value);
    make(svg, "line", { class: "grid", x1: at.left, x2: at.right, y1: y, y2: y });
    make(svg, "text", { class: "tick", x: at.left - 6, y: y + at.size / 3, "text-anchor": "end" }, shown(value));
  }
  data.titles.forEach((title, place) => {
    const x = data.kind === "bars" || data.kind === "choice" ? at.bandX(place) : at.toX(data.xs[place]);
    const skip = at.band < 2.6 * at.size && data.kind === "mark" && title.length > 3; // round numbers stay
    const text = make(svg, "text", { class: "tick", y: at.bottom + 1.4 * at.size, "text-anchor": "middle" });
    const lines = skip ? [] : at.small ? inLines(title, at.band / 7) : [title];
    lines.forEach((line, i) => make(text, "tspan", { x, dy: i ? 14 : 0 }, line));
  });
  make(svg, "text", { class: "label", x: (at.left + at.right) / 2, y: at.height - 6, "text-anchor": "middle" }, data.label);
}

function whisker(svg, x, point, at) {
  const [, low, high] = point;
  if (low === null) return;
  const [y1, y2] = [at.toY(clamp(low, ...at.limits)), at.toY(clamp(high, ...at.limits))];
  make(svg, "path", { class: "whisker", d: `M${x},${y1}V${y2}M${x - 4},${y1}h8M${x - 4},${y2}h8` });
}

// Where a bar of a series stands at a place, and how wide it is.
function slot(data, at, series, place) {
  const width = Math.min(46, (at.band * 0.8) / data.series.length);
  return { width, x: at.bandX(place) + (series - (data.series.length - 1) / 2) * width };
}

function positionOf(data, at, series, place) {
  return isLine(data) ? at.toX(data.xs[place]) : slot(data, at, series, place).x;
}

// Stripes in the colour of each series, so that a bar is told from its neighbour without it.
function drawHatches(svg, data) {
  const all = make(svg, "defs");
  data.series.forEach((series, number) => {
    const turn = { patternUnits: "userSpaceOnUse", patternTransform: `rotate(${45 * number})` };
    const one = make(all, "pattern", { id: `hatch-${number}`, width: 6, height: 6, ...turn });
    make(one, "rect", { width: 6, height: 6, fill: "#fff" });
    make(one, "rect", { width: 2.5, height: 6, fill: series.colour });
  });
}

// Where a bar is to be drawn by hand, and whose it is.
function drawSlots(svg, data, at, number, fill) {
  data.titles.forEach((_, place) => {
    const { x, width } = slot(data, at, number, place);
    const left = x - width / 2 + 1;
    make(svg, "rect", { class: "slot", x: left, width: width - 2, y: at.top, height: at.bottom - at.top });
    make(svg, "rect", { x: left, width: width - 2, y: at.bottom + 1, height: 5, fill });
  });
}

function drawAnswers(svg, data, at) {
  data.series.forEach((series, number) => {
    const fill = isPlain(data, number) ? series.colour : `url(#hatch-${number})`;
    if (!series.points && data.mode === "print" && data.kind === "bars") drawSlots(svg, data, at, number, fill);
    if (!series.points) return;
    const known = series.points.map((point, place) => [point, place]).filter(([point]) => point[0] !== null);
    if (isLine(data)) {
      const path = known.map(([point, place], i) => `${i ? "L" : "M"}${at.toX(data.xs[place])},${at.toY(point[0])}`);
      const dashes = isPlain(data, number) ? null : `${9 / number} 5`;
      make(svg, "path", { class: "line", stroke: series.colour, "stroke-dasharray": dashes, d: path.join("") });
    }
    for (const [point, place] of known) {
      const x = positionOf(data, at, number, place);
      const y = at.toY(clamp(point[0], ...at.limits));
      if (isLine(data)) {
        make(svg, "circle", { cx: x, cy: y, r: 4, fill: isPlain(data, number) ? series.colour : "#fff", stroke: series.colour });
      } else {
        const { width } = slot(data, at, number, place);
        const zero = at.toY(clamp(0, ...at.limits));
        const box = { x: x - width / 2 + 1, width: width - 2, y: Math.min(y, zero), height: Math.abs(zero - y) };
        make(svg, "rect", { ...box, fill, stroke: isPlain(data, number) ? null : series.colour, rx: 2 });
        const top = Math.min(y, zero, at.toY(clamp(point[2] ?? point[0], ...at.limits)));
        if (!at.small) make(svg, "text", { class: "value", x, y: top - 5, "text-anchor": "middle" }, shown(point[0]));
      }
      whisker(svg, x, point, at);
    }
  });
}

// What a class guesses: beside each place as broad as many say it, with the middle of them as a line.
function drawCrowd(svg, data, at) {
  const { counts, medians } = data.crowd;
  const [low, high] = data.range;
  if (data.kind === "mark") {
    const bins = counts.at[0];
    const width = (at.toX(Math.max(...data.xs)) - at.toX(Math.min(...data.xs))) / bins.length;
    const most = Math.max(...bins);
    bins.forEach((count, bin) => {
      const height = (0.7 * (at.bottom - at.top) * count) / most;
      const x = at.toX(Math.min(...data.xs)) + bin * width;
      make(svg, "rect", { class: "crowd", x: x + 1, width: width - 2, y: at.bottom - height, height });
    });
    const x = at.toX(medians.at[0]);
    make(svg, "line", { class: "middle", x1: x, x2: x, y1: at.top, y2: at.bottom });
    return;
  }
  data.series.forEach((series, number) => {
    if (!series.guessed) return;
    const most = Math.max(...counts[series.name].flat());
    counts[series.name].forEach((bins, place) => {
      const x = positionOf(data, at, number, place) + (data.kind === "curve" ? (number - (data.series.length - 1) / 2) * 24 : 0);
      const full = data.kind === "curve" ? 22 : slot(data, at, number, place).width - 4;
      const height = (at.bottom - at.top) / bins.length;
      bins.forEach((count, bin) => {
        const width = (full * count) / most;
        const y = at.toY(low + ((bin + 1) * (high - low)) / bins.length);
        if (count) make(svg, "rect", { class: "crowd", style: data.revealed && data.kind === "bars" ? null : `fill:${series.colour}`, x: x - width / 2, width, y: y + 0.5, height: height - 1 });
      });
      const y = at.toY(medians[series.name][place]);
      make(svg, "line", { class: "middle", x1: x - full / 2, x2: x + full / 2, y1: y, y2: y });
    });
  });
}

// A circle that is dragged along one axis, or moved with the arrow keys.
function handle(svg, { x, y, colour, name, value, limits, along, onMove }) {
  const circle = make(svg, "circle", {
    class: "handle", cx: x, cy: y, r: 9, stroke: colour, tabindex: 0, role: "slider", "aria-label": name,
    "aria-orientation": along === "y" ? "vertical" : "horizontal",
    "aria-valuemin": limits[0], "aria-valuemax": limits[1], "aria-valuenow": shown(value),
  });
  circle.onpointerdown = (event) => {
    event.preventDefault();
    circle.focus();
    circle.setPointerCapture(event.pointerId);
    circle.onpointermove = (move) => {
      const box = svg.getBoundingClientRect();
      onMove(along === "y" ? move.clientY - box.top : move.clientX - box.left, circle);
    };
  };
  circle.onpointerup = () => { circle.onpointermove = null; };
  circle.onkeydown = (event) => {
    const far = { PageUp: 5, PageDown: -5 }[event.key];
    const steps = far ?? { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
    if (!steps) return;
    event.preventDefault();
    event.stopPropagation(); // the arrow keys alone go on to the next lesson
    onMove(null, circle, steps);
  };
  return circle;
}

function drawGuesses(svg, data, at, guess) {
  const [low, high] = data.range;
  data.series.forEach((series, number) => {
    if (!series.guessed || (data.revealed && !guess.touched)) return;
    const values = guess[series.name];
    const places = values.map((value, place) => [positionOf(data, at, number, place), at.toY(value)]);
    const line = () => places.map(([x, y], i) => `${i ? "L" : "M"}${x},${y}`).join("");
    const colour = data.revealed ? "currentColor" : series.colour; // a guess stands before an answer of its own colour
    const path = data.kind === "curve" ? make(svg, "path", { class: "guess", stroke: series.colour, d: line() }) : null;
    values.forEach((value, place) => {
      const [x] = places[place];
      const { width } = slot(data, at, number, place);
      const top = data.kind === "bars" ? make(svg, "path", { class: "guess", stroke: colour }) : null;
      const outline = () => {
        const y = at.toY(values[place]);
        const half = width / 2 - 2;
        top?.setAttribute("d", `M${x - half},${at.toY(low)}V${y}H${x + half}V${at.toY(low)}`);
      };
      outline();
      if (data.revealed) {
        make(svg, "circle", { class: "guessed", cx: x, cy: at.toY(value), r: 5, stroke: series.colour });
        return;
      }
      handle(svg, {
        x, y: at.toY(value), colour: series.colour, value, limits: [low, high], along: "y",
        name: `Your guess for ${series.name}, ${data.titles[place]}`,
        onMove: (pixel, circle, steps) => {
          guess.touched = true;
          values[place] = steps ? clamp(values[place] + (steps * (high - low)) / STEPS, low, high) : at.fromY(pixel);
          places[place][1] = at.toY(values[place]);
          circle.setAttribute("cy", places[place][1]);
          circle.setAttribute("aria-valuenow", shown(values[place]));
          path?.setAttribute("d", line());
          outline();
        },
      });
    });
  });
}

function drawMark(svg, data, at, guess) {
  if (data.revealed && !guess.touched) return;
  const line = make(svg, "line", { class: "guess", stroke: "currentColor", y1: at.top, y2: at.bottom });
  const place = () => {
    for (const end of ["x1", "x2"]) line.setAttribute(end, at.toX(guess.at));
  };
  place();
  make(svg, "text", { class: "tick", x: at.toX(guess.at) + 8, y: at.top + 0.8 * at.size }, data.revealed ? "your guess" : "");
  if (data.revealed) return;
  const [low, high] = [Math.min(...data.xs), Math.max(...data.xs)];
  handle(svg, {
    x: at.toX(guess.at), y: (at.top + at.bottom) / 2, colour: "currentColor", value: guess.at, limits: [low, high], along: "x",
    name: `Where the curve breaks: ${data.label}`,
    onMove: (pixel, circle, steps) => {
      guess.touched = true;
      guess.at = at.fromX((steps ? at.toX(guess.at) + (steps * (at.right - at.left)) / STEPS : pixel));
      circle.setAttribute("cx", at.toX(guess.at));
      circle.setAttribute("aria-valuenow", shown(guess.at));
      place();
    },
  });
}

function drawShade(svg, data, at) {
  if (!data.shaded || !data.revealed) return;
  const [from, to] = data.shaded.map((value) => at.toX(value));
  make(svg, "rect", { class: "shade", x: Math.min(from, to), width: Math.abs(to - from), y: at.top, height: at.bottom - at.top });
  const middle = (from + to) / 2;
  make(svg, "text", { class: "tick", x: middle, y: at.bottom - 6, "text-anchor": "middle" }, "seen in training");
}

function drawPlot(place, data, guess, width) {
  const at = { ...frame(data, width), limits: data.range };
  const words = `${data.axis}. ${data.revealed ? data.summary : data.hint}`;
  const svg = make(place, "svg", { width, height: at.height, role: "group", "aria-label": words });
  if (data.mode === "print") drawHatches(svg, data);
  drawShade(svg, data, at);
  drawAxes(svg, data, at);
  drawAnswers(svg, data, at);
  if (data.crowd && data.kind !== "choice") {
    drawCrowd(svg, data, at);
    svg.append(...svg.querySelectorAll(".value")); // numbers stand before it
  }
  if (isWatched(data) || data.kind === "choice") return;
  (data.kind === "mark" ? drawMark : drawGuesses)(svg, data, at, guess);
}

// A choice of which nothing is drawn yet leaves its room to the options, where many look at it.
const isEmpty = (data) => isWatched(data) && data.kind === "choice" && !data.series.some((one) => one.points);

// What stands for a series in the legend.
function swatch(data, series, number) {
  const colour = series.colour;
  if (isPlain(data, number)) return `background:${colour}`;
  const [turn, on, off] = isLine(data) ? [90, 9 / number, 5] : [45 * number, 2, 3];
  return `background:repeating-linear-gradient(${turn}deg, ${colour} 0 ${on}px, #fff ${on}px ${on + off}px)`;
}

function drawLegend(place, data, guess) {
  const several = data.series.length > 1 && data.kind !== "cells" && !isEmpty(data);
  const legend = make(place, "p", { class: "legend" });
  make(legend, data.words ? "abbr" : "span", { class: "axis", title: data.words || null }, data.axis);
  for (const [number, series] of several ? data.series.entries() : []) {
    const item = make(legend, "span", { class: "series" });
    make(item, "i", { class: data.mode === "print" && isLine(data) ? "stroke" : null, style: swatch(data, series, number) });
    make(item, "span", {}, series.name);
  }
  if (data.revealed && guess.touched && data.kind !== "choice" && data.kind !== "cells") {
    make(legend, "span", { class: "series yours" }, "dashed: your guess");
  }
  if (data.crowd && data.kind !== "choice" && data.kind !== "cells") {
    make(legend, "span", { class: "series yours" }, "broad where many guess");
  }
  return legend;
}

function drawCells(place, data, guess) {
  const table = make(place, "table", { "aria-label": data.axis });
  const head = make(table, "tr");
  make(head, "td");
  for (const title of data.titles) make(head, "th", { scope: "col" }, title);
  for (const series of data.series) {
    const row = make(table, "tr");
    make(row, "th", { scope: "row" }, series.name);
    data.titles.forEach((title, number) => {
      const cell = make(row, "td");
      const tapped = guess[series.name][number];
      const low = data.crowd?.counts[series.name]?.[number][1];
      const button = make(cell, "button", { "aria-pressed": tapped, "aria-label": `${series.name}, ${title}` });
      if (!data.revealed && isWatched(data)) {
        button.disabled = true;
        if (data.crowd) {
          button.style.background = `color-mix(in srgb, var(--st-primary-color) ${(40 * low) / data.crowd.num}%, var(--st-background-color))`;
          make(button, "span", {}, `${low} of ${data.crowd.num}`);
        }
        return;
      }
      if (!data.revealed) {
        button.textContent = tapped ? "low" : "";
        button.onclick = () => {
          guess.touched = true;
          guess[series.name][number] = !guess[series.name][number];
          button.setAttribute("aria-pressed", guess[series.name][number]);
          button.textContent = guess[series.name][number] ? "low" : "";
        };
        return;
      }
      const [value, from, to] = series.points[number];
      const [colour, text] = series.colours[number];
      button.disabled = true;
      button.style.background = colour;
      button.style.color = text;
      const isRight = tapped === value < data.low_is;
      make(button, "b", {}, shown(value));
      if (from !== null) make(button, "small", { class: "interval" }, `${shown(from)} to ${shown(to)}`);
      if (guess.touched) make(button, "small", {}, `you: ${tapped ? "low" : "high"} ${isRight ? "✓" : "✗"}`);
      if (data.crowd) make(button, "small", {}, `${low} of ${data.crowd.num} said low`);
    });
  }
}

function drawOptions(place, data, guess, redraw) {
  const group = make(place, "div", { class: isEmpty(data) ? "options tall" : "options", role: "group", "aria-label": "Your guess" });
  data.options.forEach((option, number) => {
    const isChosen = guess.option === option;
    const button = make(group, "button", { "aria-pressed": isChosen }, data.mode === "print" && !data.revealed ? `☐ ${option}` : option);
    button.disabled = data.revealed || isWatched(data);
    if (data.crowd) {
      const count = data.crowd.counts.option[0][number];
      const share = (100 * count) / data.crowd.num;
      button.textContent += `: ${count}`;
      button.style.background = `linear-gradient(90deg, color-mix(in srgb, var(--st-primary-color) 40%, var(--st-background-color)) ${share}%, var(--st-background-color) ${share}%)`;
    }
    if (data.revealed && (isChosen || option === data.right)) button.textContent += option === data.right ? " ✓" : " ✗";
    button.onclick = () => { guess.option = option; guess.touched = true; redraw(); };
  });
}

function firstGuess(data) {
  const [low, high] = data.range;
  const guess = { touched: false, option: null, at: data.xs[Math.floor(data.xs.length / 2)] };
  data.series.forEach((series, number) => {
    const value = data.kind === "cells" ? false : low + (high - low) * (0.6 - 0.15 * number); // apart, to be taken hold of
    guess[series.name] = data.titles.map(() => value);
  });
  return guess;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".lesson");
  // A guess outlives what redraws the page, such as a change of theme, until another lesson is shown.
  if (data.guess || root.of !== data.name) root.guess = { ...firstGuess(data), ...data.guess };
  root.of = data.name;
  root.classList.toggle("big", Boolean(data.present));
  const { guess } = root;

  const nameOf = (element) => element?.getAttribute("aria-label") ?? element?.textContent;
  const draw = () => {
    const focused = root.contains(parentElement.activeElement) && nameOf(parentElement.activeElement);
    root.replaceChildren();
    const legend = drawLegend(root, data, guess);
    if (data.kind === "cells") drawCells(root, data, guess);
    else {
      if (data.kind === "choice") drawOptions(root, data, guess, draw);
      if (!isEmpty(data)) drawPlot(root, data, guess, Math.max(300, root.clientWidth));
    }
    if (isWatched(data)) return;
    if (data.mode === "send") {
      if (data.revealed) return;
      const foot = make(root, "div", { class: "foot" });
      make(foot, "button", { class: "reveal" }, "Send my guess").onclick = () => setTriggerValue("send", guess);
      make(foot, "span", { class: "hint" }, data.hint);
    } else if (data.revealed) {
      make(legend, "button", { class: "again" }, "Guess again").onclick = () => setTriggerValue("again", true);
    } else {
      const foot = make(root, "div", { class: "foot" });
      make(foot, "button", { class: "reveal" }, "Reveal").onclick = () => setTriggerValue("reveal", guess);
      make(foot, "span", { class: "hint" }, data.hint);
    }
    if (data.teaches) drawTeaching(root, data.teaches);
    if (!focused) return;
    const same = [...root.querySelectorAll("button, [tabindex]")].find((one) => nameOf(one) === focused);
    (same ?? root.querySelector(".again, .reveal"))?.focus({ preventScroll: true }); // one takes the other's place
  };

  draw();
  let width = root.clientWidth;
  const watcher = new ResizeObserver(() => {
    if (Math.abs(root.clientWidth - width) > 2) { width = root.clientWidth; draw(); }
  });
  watcher.observe(root);
  const step = (event) => {
    const isTyping = event.target.closest?.("input, textarea, [role=slider], [role=tab], [contenteditable]");
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by && root.isConnected && !isTyping && !event.altKey && !event.ctrlKey && !event.metaKey) setTriggerValue("step", by);
  };
  document.addEventListener("keydown", step);
  return () => { watcher.disconnect(); document.removeEventListener("keydown", step); };
}
