// An object on a slider, and what two networks make of it: everything is here, the server is asked for nothing.

const FULL = 1.2; // end of a bar; at 1 an image has moved as far as another image
const INTRO_MS = 1800;

const percent = (share) => `${Math.round(100 * share)} %`;
const shown = (value) => value.toFixed(2);

function buildCard(bench, data) {
  const card = make(bench, "section", { class: "network" });
  const head = make(card, "h3");
  const dot = make(head, "i");
  const title = make(head, "span");
  const says = make(card, "div", { class: "says" });
  const thumb = make(says, "span", { class: "thumb" });
  thumb.style.backgroundImage = `url(${data.classSheet})`;
  const words = make(says, "div");
  const name = make(words, "b");
  const sure = make(words, "span", { class: "sure" });
  const moved = make(card, "p", { class: "moved" });
  make(moved, "span", {}, "change it sees");
  const value = make(moved, "b");
  const track = make(card, "div", { class: "track" });
  const bar = make(track, "div", { class: "bar" });
  make(track, "div", { class: "one" }).style.left = `${100 / FULL}%`;
  const foot = make(card, "p", { class: "foot" });
  const whole = make(foot, "span", { class: "whole" });
  make(foot, "span", { class: "other" }, "another image ↑");
  return (network, step) => {
    const isRight = network.says[step] === data.true;
    dot.style.background = network.colour;
    card.style.borderTopColor = network.colour;
    card.classList.toggle("wrong", !isRight);
    card.setAttribute("data-network", network.reference);
    title.textContent = network.title;
    title.title = `in the gallery: ${network.reference}`;
    showOf(thumb, network.says[step], data.classes.length);
    name.textContent = `${isRight ? "✓" : "✗"} ${data.classes[network.says[step]]}`;
    sure.textContent = `${isRight ? "right" : "wrong"}, ${percent(network.probability[step])} sure`;
    value.textContent = shown(network.distance[step]);
    bar.style.background = network.colour;
    bar.style.width = `${Math.min(100, (100 * network.distance[step]) / FULL)}%`;
    whole.textContent = network.whole;
  };
}

// Where a network was right and where it was not, of the values that were looked at, above the slider's own.
function drawTrail(trail, network, seen, right) {
  const last = network.says.length - 1;
  trail.replaceChildren();
  for (const step of seen) {
    const mark = make(trail, "i", { class: network.says[step] === right ? "right" : "wrong" });
    mark.style.left = `${(100 * step) / last}%`;
    mark.style.width = `calc(${100 / last}% - 3px)`;
    mark.style.color = network.colour;
  }
}

function build(root, data) {
  const steps = Object.fromEntries(data.transforms.map((one) => [one.name, one.neutral]));
  const seen = Object.fromEntries(data.transforms.map((one) => [one.name, new Set()]));
  let current = data.transforms[0];
  let isTouched = false;
  // Kept, so that a change of the transformation finds its frames here.
  root.sheets = data.transforms.map((one) => Object.assign(new Image(), { src: one.sheet }));

  const choices = make(root, "fieldset", { class: "choices" });
  make(choices, "legend", { class: "hidden" }, "What is done to the object");
  const bench = make(root, "div", { class: "bench" });
  const picture = make(bench, "div", { class: "picture", role: "img" });
  const badge = make(picture, "span", { class: "badge", "aria-hidden": "true" });
  const cards = [buildCard(bench, data), buildCard(bench, data)];
  const handle = make(root, "div", { class: "handle" });
  const hint = make(handle, "p", { class: "hint", "aria-hidden": "true" }, "◀ drag ▶");
  const trails = cards.map(() => make(handle, "div", { class: "trail", "aria-hidden": "true" }));
  const slider = make(handle, "input", { type: "range", min: 0, step: 1 });
  const remark = make(root, "p", { class: "remark" });

  const draw = () => {
    const step = steps[current.name];
    picture.style.backgroundImage = `url(${current.sheet})`;
    showOf(picture, step, current.values.length);
    const object = data.classes[data.true];
    const value = step === current.neutral ? "as it is" : `${current.changed} ${current.values[step]}`;
    picture.setAttribute("aria-label", `${object}, ${value}`);
    badge.textContent = value;
    current.networks.forEach((network, number) => {
      cards[number](network, step);
      drawTrail(trails[number], network, seen[current.name], data.true);
    });
    slider.max = current.values.length - 1;
    slider.value = step;
    slider.setAttribute("aria-label", `${current.verb} the object`);
    const heard = current.networks.map(
      (one) => `${one.title}: ${data.classes[one.says[step]]}, moved by ${shown(one.distance[step])}`,
    );
    slider.setAttribute("aria-valuetext", `${value}. ${heard.join(". ")}`);
    remark.textContent = current.remark;
  };
  const goTo = (step) => {
    steps[current.name] = Math.min(current.values.length - 1, Math.max(0, step));
    seen[current.name].add(steps[current.name]);
    draw();
  };
  const touch = () => {
    isTouched = true;
    hint.textContent = "where you have been: ■ right, □ wrong";
  };

  for (const one of data.transforms) {
    const label = make(choices, "label");
    const radio = make(label, "input", { type: "radio", name: "experiment-transform", value: one.name });
    radio.checked = one === current;
    make(label, "span", {}, one.verb);
    radio.onchange = () => {
      touch();
      current = one;
      goTo(seen[one.name].size ? steps[one.name] : one.start);
    };
  }
  slider.oninput = () => { touch(); goTo(Number(slider.value)); };
  slider.onpointerdown = touch;
  root.move = (by) => { touch(); goTo(steps[current.name] + by); };

  // Once, by itself: what the slider does is seen before it is touched.
  const began = performance.now();
  const intro = (now) => {
    if (isTouched || !root.isConnected) return;
    const share = Math.min(1, (now - began) / INTRO_MS);
    const eased = share * share * (3 - 2 * share);
    goTo(Math.round(current.neutral + eased * (current.start - current.neutral)));
    if (share < 1) requestAnimationFrame(intro);
  };
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) goTo(current.start);
  else {
    draw();
    root.sheets[0].decode().catch(() => {}).then(() => requestAnimationFrame(intro));
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".experiment");
  if (!root.move) build(root, data); // what redraws the page leaves it as the visitor has it
  const onKey = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const isTaken = event.composedPath()[0].closest?.("input, textarea, select, [role], [contenteditable], a, button");
    if (!by || isTaken || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    root.move(by);
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
