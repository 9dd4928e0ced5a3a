// What follows a slider of the page while it is dragged: the picture, or what a network makes of it. All of it is here;
// the server hears of the slider when it is let go, and then sends the maps.

const FULL = 1.2; // end of a bar; at 1 the picture has moved as far as another image
const SLIDERS = "[class*=st-key-at_the_bottom_magnitudes]";

function buildPicture(root, data) {
  const frame = make(root, "div", { class: "picture", role: "img", "aria-label": data.alt });
  const badge = make(frame, "span", { class: "badge", "aria-hidden": "true" });
  return (way, step) => {
    badge.textContent = way ? `at ${way.values[step]}` : "";
    frame.style.backgroundImage = `url(${way ? way.sheet : data.address})`;
    showOf(frame, way ? step : 0, way ? way.count : 1);
  };
}

function buildAnswer(root, data) {
  root.style.setProperty("--of-network", data.colour);
  const head = make(root, "h3");
  make(head, "i");
  make(head, "span", {}, data.title);
  const said = make(root, "p", { class: "said" });
  const before = make(said, "span");
  const now = make(said, "b");
  const sure = make(said, "span", { class: "sure" });
  const moved = make(root, "p", { class: "moved" });
  make(moved, "span", { title: "0: the network is invariant here. 1: as far as another image of its own data." }, "change it sees");
  const value = make(moved, "b");
  const track = make(root, "div", { class: "track" });
  const bar = make(track, "div", { class: "bar" });
  make(track, "div", { class: "one" });
  make(root, "p", { class: "foot" }, "another image ↑");
  return (way, step) => {
    const { says, probability, distance } = way ? way.steps[step] : data.rest;
    const isSame = says === data.before;
    before.textContent = says ? (isSame ? "still" : `${data.before}, now`) : "has no classes";
    now.textContent = says;
    sure.textContent = says ? `${Math.round(100 * probability)} %` : "";
    root.classList.toggle("other", !isSame);
    value.textContent = distance === null ? "–" : distance.toFixed(2);
    bar.style.width = `${Math.min(100, (100 * (distance ?? 0)) / FULL)}%`;
  };
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".live");
  root.replaceChildren();
  const draw = (data.address ? buildPicture : buildAnswer)(root, data);
  const column = parentElement.getRootNode().host?.closest("[data-testid=stColumn]");
  const show = (way, value) => {
    const isAtRest = !way || Math.abs(value - way.at) < 1e-6 * (way.high - way.low);
    if (!data.address) column?.toggleAttribute("data-moving", !isAtRest);
    if (isAtRest) return draw(null);
    const last = (way.count ?? way.steps.length) - 1;
    draw(way, Math.round((last * (value - way.low)) / (way.high - way.low)));
  };
  // Kept, so that the first move finds its frames here.
  root.sheets = data.ways.filter((way) => way.sheet).map((way) => Object.assign(new Image(), { src: way.sheet }));
  show(null);
  const watcher = new MutationObserver((changes) => {
    for (const { target } of changes) {
      const way = data.ways.find((one) => target.closest(`.st-key-${one.slider}`));
      if (way && target.matches("input")) show(way, Number(target.value));
    }
  });
  const sliders = document.querySelector(SLIDERS);
  if (sliders) watcher.observe(sliders, { subtree: true, attributes: true, attributeFilter: ["value", "aria-valuetext"] });
  return () => watcher.disconnect();
}
