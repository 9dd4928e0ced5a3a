// A page of a class: asks the server for news, draws the lesson, and sends what is guessed or, of who shows it, pressed.

const { code, beyond } = document.body.dataset;
const shows = document.body.classList.contains("shows");
const base = location.pathname.replace(/\/$/, "");
const $ = (query) => document.querySelector(query);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let state = null;
let drawn = "";
let leave = () => {};

async function post(what, body) {
  for (;;) {
    const answer = await fetch(`${base}/${what}`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    });
    if (answer.ok) return;
    if (answer.status !== 429) throw new Error(await answer.text());
    await pause(400);
  }
}

// What is sent of a guess: what can be guessed at this lesson, and nothing else.
function guessed(data, guess) {
  if (data.kind === "choice") return { option: guess.option };
  if (data.kind === "mark") return { at: guess.at };
  return Object.fromEntries(data.series.filter((one) => one.guessed).map((one) => [one.name, guess[one.name]]));
}

async function send(guess) {
  if (!guess.touched) {
    $("#said").textContent = `Guess first. ${state.figure.hint}`;
    return;
  }
  try {
    await post("guess", { n: state.n, guess: guessed(state.figure, guess) });
    $("#said").textContent = "Sent. Waiting for the lecturer; until then you can send another.";
  } catch (error) {
    $("#said").textContent = `Not sent: ${error.message}`;
  }
}

async function show(n, reveal = false) {
  if (!state || n < 1 || n > state.num) return;
  try {
    await post("show", { n, reveal });
  } catch (error) {
    $("#said").textContent = error.message;
  }
}

function drawFigure() {
  leave();
  const present = shows && innerWidth > 860;
  const guess = state.guess && { ...state.guess, touched: true };
  leave = drawLesson({
    data: { ...state.figure, guess, present },
    parentElement: document,
    setTriggerValue: (what, value) => {
      if (what === "send") send(value);
      else if (what === "step" && shows) show(state.n + value);
    },
  });
}

function drawAnswer() {
  const place = $("#answer");
  place.replaceChildren();
  if (!state.revealed) return;
  make(make(place, "p"), "b", {}, state.outcome);
  const caution = make(place, "p");
  make(caution, "i", {}, "What not to conclude. ");
  caution.append(state.caution);
  if (!shows) make(make(place, "p"), "a", { href: state.explore, target: "_blank" }, "Explore this yourself");
}

function draw() {
  const look = `${state.n} ${state.revealed}`;
  const isNew = look !== drawn;
  drawn = look;
  if (isNew || shows) drawFigure();
  if (isNew) {
    $("h1").textContent = `${state.n} of ${state.num} · ${state.title}`;
    $("#question").textContent = state.question;
    drawAnswer();
  }
  const hits = state.hits ? ` ${state.hits}.` : "";
  if (shows) $("#said").textContent = `${state.said}.${hits}`;
  else if (isNew) $("#said").textContent = state.revealed ? `${state.said}.` : state.guess ? "Sent. Waiting for the lecturer." : "";
  if (!shows) return;
  $("#count").textContent = `${state.guessed} of ${state.here} have guessed`;
  $("meter").max = Math.max(1, state.here);
  $("meter").value = state.guessed;
  $("#back").disabled = state.n === 1;
  $("#next").disabled = state.n === state.num;
  $("#reveal").disabled = state.revealed;
  $("#reveal").classList.toggle("primary", !state.revealed);
  $("#next").classList.toggle("primary", state.revealed);
  $("#work").href = `../sheet/blank/${state.n}`;
  $("#answers").href = `../sheet/answer/${state.n}`;
}

function over() {
  leave();
  document.body.classList.remove("shows");
  document.body.replaceChildren();
  make(document.body, "h1", {}, "This class is over");
  make(make(document.body, "p"), "a", { href: `../lesson?n=${state?.n ?? 1}` }, "The lessons, alone");
}

if (shows) {
  tellAddress({ picture: $("aside img"), words: $("#address"), path: "../share/qr.svg", beyond });
  $("#back").onclick = () => show(state.n - 1);
  $("#next").onclick = () => show(state.n + 1);
  $("#reveal").onclick = () => show(state.n, true);
  $("#reveal").focus();
  $("#end").onclick = async () => {
    if (confirm("End the class? What was guessed is forgotten.")) await post("end", {}).catch(() => {});
  };
}

for (;;) {
  try {
    const answer = await fetch(`${base}/state?since=${state?.tag ?? ""}`);
    if (answer.status === 404) break;
    if (!answer.ok) throw new Error(await answer.text());
    const told = await answer.json();
    if (told.tag !== state?.tag || told.here !== state?.here) {
      state = told;
      draw();
    }
    await pause(shows ? 250 : 50);
  } catch (error) {
    $("#said").textContent = error instanceof TypeError ? "The server does not answer; trying again." : error.message;
    drawn = "";
    if (state) state.tag = "";
    await pause(1500);
  }
}
over();
