// The page: the state of one walk, what the hand does to it, and what is shown of it.

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const loss = neuron(data.numbers), still = matchMedia("(prefers-reduced-motion: reduce)");
const COAST = 15 * Math.PI / 180; // the turn of a step without gradient: 24 of them close the circle
const PRESETS = {
  "One step": {rule: "sgd-g", eta: 1, gamma: 0, nu: 0.5},
  "Momentum": {rule: "sgd-g", eta: 0.2, gamma: 0.9, nu: 0.5},
  "No clipping": {rule: "sgd-g", eta: 8, gamma: 0, nu: Infinity},
  "No gradient": {rule: "sgd-g", eta: 0, gamma: 1, nu: 0.5, tau: COAST},
  "Adam-G": {rule: "adam-g", eta: 0.2, gamma: 0.9, nu: 0.5},
};
const SHOWN = {
  g: "gradient −g", h: "projected −h", tau: "momentum γτ", d: "step d", plane: "tangents", trail: "trail",
};
const SLIDERS = { // how a slider's position becomes a number, the way back, and how the number reads
  eta: [(s) => Number((10 * (s / 100) ** 3).toPrecision(2)), (eta) => 100 * (eta / 10) ** (1 / 3), String],
  gamma: [(s) => options.rule === "sgd-g" ? s : Math.min(s, 0.99), Number, (gamma) => gamma.toFixed(2)],
  nu: [(s) => s > 1.52 ? Infinity : s, (nu) => Math.min(nu, 1.55), (nu) => nu < 9 ? nu.toFixed(2) : "∞"],
};

const picture = new Picture($("sphere"), data), show = {};
let preset = "Momentum", options, camera; // what is set
let state, first, trail, next; // where the optimizer is, where it began, its steps so far, the step ahead
let looksBack = false; // whether the sentence is about the step just taken
let walk = null, running = false, held = null, dirty = true, waitFor = 0; // what moves

// Begin again at y with no momentum but a preset's own.
function begin(y) {
  const across = normalize(project(y, loss(y)[1]));
  state = {y, tau: times(cross(y, across), options.tau ?? 0), v: 0, steps: 0};
  first = y;
  trail = [];
  walk = null;
  looksBack = false;
  look();
}

function choose(name) {
  preset = name;
  options = {...PRESETS[name]};
  for (const [name, [, back]] of Object.entries(SLIDERS)) $(name).value = back(options[name]);
  begin(data.start);
  let then = state; // the camera that sees the next steps
  camera = facing(state.y, Array.from({length: 10}, () => (then = take(then, plan(loss, then, options))).y));
}

// Take the step ahead; the picture follows y on its way, unless motion is not wanted.
function step() {
  const {y} = state, plan = next;
  trail.push({y, d: plan.d, plan, eta: options.eta});
  state = take(state, plan);
  looksBack = true;
  const lasts = Math.min(running ? 900 : 2400, (running ? 180 : 500) + 300 * norm(plan.d));
  walk = still.matches ? null : {y, d: plan.d, s: 0, since: performance.now(), lasts};
  look();
  if (running && norm(next.d) < RESTING) run(false);
}

function run(on) {
  running = on;
  $("run").textContent = on ? "Pause" : "Run";
  if (on && !walk) { step(); waitFor = performance.now() + 500; }
  look();
}

// Work out the step ahead, and say so. While things move, a screen reader is asked to wait.
function look() {
  next = plan(loss, state, options);
  const says = {state, trail, next, options};
  $("sentence").setAttribute("aria-busy", String(running || held !== null));
  const said = looksBack ? behind(loss, says, first) : ahead(loss, says);
  $("sentence").innerHTML = said.replace(/\b[yh]\b|ν/g, "<i>$&</i>");
  for (const [name, [, , text]] of Object.entries(SLIDERS)) {
    $(`${name}-value`).textContent = text(options[name]);
    $(name).setAttribute("aria-valuetext", text(options[name]));
  }
  for (const button of $("presets").children) button.ariaPressed = String(button.textContent === preset);
  for (const button of $("show").children) button.ariaPressed = String(show[button.dataset.name]);
  $("sphere").ariaLabel = `The unit sphere with the loss map. ${ahead(loss, says)}`;
  curve();
  dirty = true;
}

// The loss at every step so far, and at the one ahead.
function curve() {
  const losses = [...trail.map(({plan}) => plan.value), next.value], [low, high] = data.limits;
  const last = Math.max(10, losses.length), then = loss(along(state.y, next.d, 1))[0];
  const x = (i) => 34 + 300 * i / last, y = (f) => 94 - 76 * (f - low) / (high - low);
  const every = losses.map((f, i) => `${x(i).toFixed(1)},${y(f).toFixed(1)}`).join(" ");
  const now = losses.length - 1;
  $("curve").innerHTML = `<text x="34" y="12">loss</text>
<text x="${Math.min(x(now), 315)}" y="112" text-anchor="middle">step ${now}</text>
<text x="0" y="${y(low) + 4}">${number(low, 2)}</text><text x="0" y="${y(high) + 4}">${number(high, 2)}</text>
<line class="axis" x1="34" x2="334" y1="${y(high)}" y2="${y(high)}"/>
<line class="least" x1="34" x2="334" y1="${y(low)}" y2="${y(low)}"/><polyline class="loss" points="${every}"/>
<circle class="next" cx="${x(now + 1)}" cy="${y(then)}" r="3.2"/>
<circle class="now" cx="${x(now)}" cy="${y(losses[now])}" r="3.6"/>`;
  $("curve").ariaLabel = `The loss over ${now} steps: ${number(losses[0])} at first, ${number(losses[now])} now; `
    + `between ${number(low, 2)} and ${number(high, 2)} on the whole sphere.`;
}

// Every frame: move on if something moves, draw if something changed.
function tick(now) {
  if (walk) {
    const s = Math.min(1, (now - walk.since) / walk.lasts);
    walk = s < 1 ? {...walk, s: s * s * (3 - 2 * s)} : null;
    waitFor = now + (still.matches ? 500 : 120);
    dirty = true;
  } else if (running && now > waitFor) {
    step();
    waitFor = now + 500;
  }
  if (dirty) picture.draw(camera, marks({state, trail, next, options, walk, show}), data);
  dirty = false;
  requestAnimationFrame(tick);
}

// Put y elsewhere: a new walk begins there.
function moveTo(y) {
  running = false;
  $("run").textContent = "Run";
  begin(y);
}

function orbit(azimuth, elevation) {
  camera = new Camera(camera.azimuth + azimuth, camera.elevation + elevation);
  dirty = true;
}

const near = (event) => {
  const box = $("sphere").getBoundingClientRect(), at = picture.pixels(camera.screen(state.y));
  const reach = event.pointerType === "touch" ? 32 : 16;
  return Math.hypot(event.clientX - box.left - at[0], event.clientY - box.top - at[1]) < reach;
};
// Whether a hand there is on the sphere, or on y; beside them a finger's swipe is the page's, to scroll it.
const grasps = (event) => {
  const box = $("sphere").getBoundingClientRect();
  return Math.hypot(...picture.at(event.clientX - box.left, event.clientY - box.top)) <= 1 || near(event);
};
$("sphere").onpointerdown = (event) => {
  if (held || event.button || (event.pointerType !== "mouse" && !grasps(event))) return;
  $("sphere").setPointerCapture(event.pointerId);
  $("sphere").classList.add("held");
  held = {id: event.pointerId, x: event.clientX, y: event.clientY, side: 0};
  if (!near(event)) return;
  walk = null;
  held.side = camera.hidden(state.y, true) ? -1 : 1;
};
// The page would scroll with what is held. (The pointer's event comes before the touch's.)
$("sphere").addEventListener("touchstart", (event) => { if (held) event.preventDefault(); }, {passive: false});
$("sphere").onpointermove = (event) => {
  if (!held) $("sphere").classList.toggle("near", near(event));
  if (!held || event.pointerId !== held.id) return;
  const box = $("sphere").getBoundingClientRect();
  const [x, y] = [event.clientX - held.x, event.clientY - held.y];
  if (held.side) moveTo(camera.lift(picture.at(event.clientX - box.left, event.clientY - box.top), held.side));
  else orbit(-x / picture.radius, y / picture.radius);
  Object.assign(held, {x: event.clientX, y: event.clientY});
};
$("sphere").onpointerup = $("sphere").onpointercancel = (event) => {
  if (!held || event.pointerId !== held.id) return;
  held = null;
  $("sphere").classList.remove("held");
  look();
};

const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
document.onkeydown = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT") return;
  const key = event.key.toLowerCase(), arrow = ARROWS[event.key], angle = 5 * Math.PI / 180;
  if (arrow && event.shiftKey) {
    const v = plus(times(camera.right, arrow[0]), times(camera.up, arrow[1]));
    moveTo(along(state.y, normalize(project(state.y, v)), angle));
  } else if (arrow) orbit(-arrow[0] * angle, -arrow[1] * angle);
  else if (key === "s") step();
  else if (key === "r") $("reset").click();
  else if (key === " " && event.target.tagName !== "BUTTON") run(!running);
  else return;
  event.preventDefault();
};

for (const [name, [number]] of Object.entries(SLIDERS)) {
  $(name).oninput = () => {
    options[name] = number(Number($(name).value));
    preset = "";
    looksBack = false;
    look();
  };
}
for (const name of Object.keys(PRESETS)) {
  const button = document.createElement("button");
  Object.assign(button, {type: "button", textContent: name, onclick: () => { run(false); choose(name); }});
  $("presets").append(button);
}
for (const [name, text] of Object.entries(SHOWN)) {
  const {color, width, dashes} = data.styles[{plane: "plane", trail: "arc"}[name] ?? name];
  const button = document.createElement("button"), dash = (dashes ?? []).map((x) => x * width).join(" ");
  show[name] = true;
  button.type = "button";
  button.dataset.name = name;
  button.innerHTML = `<svg width="22" height="12" aria-hidden="true"><line x1="2" x2="20" y1="6" y2="6"
stroke="${color}" stroke-width="${width}" stroke-dasharray="${dash}"/></svg>${text}`;
  button.onclick = () => { show[name] = !show[name]; look(); };
  $("show").append(button);
}
$("step").onclick = step;
$("run").onclick = () => run(!running);
$("reset").onclick = () => { run(false); begin(first); };

choose(preset);
new ResizeObserver(() => { picture.resize(); dirty = true; }).observe($("sphere"));
matchMedia("(prefers-color-scheme: dark)").onchange = () => { dirty = true; };
requestAnimationFrame(tick);
