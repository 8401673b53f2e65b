// The frame of a figure: what a hand, a finger, the keys and the controls do to its state, and what is shown of it.
//
// A figure is figure(data) -> {start, camera, views, handles, drag, unit, controls, marks, sentence, loss}. `start` is
// the state, plain data that is replaced, never changed. `views` are the canvases, each {title, flat, bare, x, y, wide,
// tall}; `camera` is what the spheres are seen by, if it may be turned.
//
//     handles(state)       {name: {at, move(p)}}: what a hand takes at `at`, and the state when it is put to p;
//                          `drag` says it in words, `unit` is how far a key moves it on a sheet
//     marks(state, i)      what view i shows;  loss(state): {numbers, limits} that colours the sphere, or null
//     sentence(state)      what it says, in numbers; *x* is a variable
//     controls             {slider, label, range: [from, to, step], text(x), seconds}: a number of the state, with
//                          `seconds` it can be played; {choice, label, options: {value: text}, menu}: one of a few;
//                          {press, label, idle(state)}: press(state) is the state after a button

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent), still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)"), printing = matchMedia("print");
const shown = figure(data), sheet = new Flat();
const variables = (text) => text.replace(/\*(.+?)\*/g, "<i>$1</i>");
let state = shown.start, camera = shown.camera, dirty = true;
let held = null, chosen = Object.keys(shown.handles?.(state) ?? {})[0], playing = null; // by hand, keys, clock

const pictures = shown.views.map((view, i) => {
  const one = document.createElement("figure"), canvas = document.createElement("canvas");
  if (view.title) one.append(Object.assign(document.createElement("figcaption"), {textContent: view.title}));
  one.append(canvas);
  $("views").append(one);
  canvas.style.height = `min(${view.tall ?? 26}rem, ${Math.round(100 / (view.wide ?? 1) / shown.views.length)}vw)`;
  canvas.tabIndex = i ? -1 : 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-describedby", "keys");
  canvas.classList.toggle("turns", !view.flat && Boolean(camera));
  const picture = new Picture(canvas, data, view);
  listen(canvas, picture, view);
  new ResizeObserver(() => { picture.resize(); dirty = true; }).observe(canvas);
  return picture;
});
const eye = (picture) => picture.flat ? sheet : camera;

// Replace the state, and say so. While something moves, a screen reader is asked to wait.
function set(next) {
  state = next;
  const said = shown.sentence(state);
  $("sentence").setAttribute("aria-busy", String(held !== null || playing !== null));
  $("sentence").innerHTML = variables(said);
  const height = $("sentence").offsetHeight; // room once taken is kept: the page below stays where it is
  if (height > parseFloat($("sentence").style.minHeight || 0)) $("sentence").style.minHeight = `${height}px`;
  for (const show of showing) show();
  pictures.forEach((picture, i) => {
    picture.canvas.ariaLabel = `${shown.views[i].title ?? document.title}. ${said.replaceAll("*", "")}`;
  });
  dirty = true;
}

const showing = shown.controls.map((control) => {
  const box = document.createElement("div");
  $("controls").append(box);
  return (control.slider ? slider : control.menu ? menu : control.choice ? choice : press)(control, box);
});

function slider({slider: name, label, range: [from, to, step], text = String, seconds}, box) {
  box.className = seconds ? "slider plays" : "slider";
  box.innerHTML = `<label for="${name}">${variables(label)}</label>${seconds ? "<button type=button></button>" : ""}
<input type="range" id="${name}" min="${from}" max="${to}" step="${step}">
<output for="${name}"></output>`;
  const input = box.querySelector("input"), button = box.querySelector("button");
  input.oninput = () => { playing = null; set({...state, [name]: Number(input.value)}); };
  if (button) button.onclick = () => {
    const at = state[name] < to ? state[name] : from, gone = 1000 * seconds * (at - from) / (to - from);
    playing = playing ? null : {name, from, to, seconds, since: performance.now() - gone};
    if (still.matches && playing) { playing = null; set({...state, [name]: to}); } else set(state);
  };
  return () => {
    const said = text(state[name], state);
    input.value = state[name];
    input.setAttribute("aria-valuetext", said);
    box.querySelector("output").textContent = said;
    if (button) button.textContent = playing?.name === name ? "Pause" : "Play";
  };
}

function menu({choice: name, label, options}, box) {
  box.className = "choice";
  box.innerHTML = `<label for="${name}">${variables(label)}</label><select id="${name}"></select>`;
  const select = box.querySelector("select");
  select.append(...Object.entries(options).map(([value, text]) => new Option(text, value)));
  select.onchange = () => set({...state, [name]: select.value});
  return () => { select.value = state[name]; };
}

function choice({choice: name, label, options}, box) {
  box.className = "choice";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", label.replaceAll("*", ""));
  if (label) box.innerHTML = `<span>${variables(label)}</span>`;
  const buttons = Object.entries(options).map(([value, text]) => {
    const button = Object.assign(document.createElement("button"), {type: "button", innerHTML: variables(text)});
    button.onclick = () => set({...state, [name]: value});
    box.append(button);
    return [value, button];
  });
  return () => { for (const [value, button] of buttons) button.ariaPressed = String(state[name] === value); };
}

function press({press: after, label, idle}, box) {
  const button = Object.assign(document.createElement("button"), {type: "button", innerHTML: variables(label)});
  button.onclick = () => { playing = null; set(after(state)); };
  box.append(button);
  return () => { button.disabled = idle?.(state) ?? false; };
}

// The handle in reach of the hand, the nearest one.
function near(picture, event) {
  const box = picture.canvas.getBoundingClientRect(), reach = event.pointerType === "touch" ? 36 : 20;
  const far = ([, {at}]) => {
    const [x, y] = picture.pixels(eye(picture).screen(at));
    return Math.hypot(event.clientX - box.left - x, event.clientY - box.top - y);
  };
  const sorted = Object.entries(shown.handles?.(state) ?? {}).sort((a, b) => far(a) - far(b));
  return sorted.length && far(sorted[0]) < reach ? sorted[0] : null;
}

function listen(canvas, picture, view) {
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return picture.at(event.clientX - box.left, event.clientY - box.top);
  };
  canvas.onpointerdown = (event) => {
    if (held || event.button) return;
    const taken = near(picture, event), turns = !view.flat && shown.camera;
    const onSphere = turns && (event.pointerType === "mouse" || Math.hypot(...where(event)) <= 1);
    if (!taken && !onSphere) return; // beside them a finger's swipe is the page's, to scroll it
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("held");
    playing = null;
    held = {id: event.pointerId, x: event.clientX, y: event.clientY};
    if (!taken) return;
    chosen = held.name = taken[0];
    held.side = eye(picture).hidden(taken[1].at, true) ? -1 : 1;
  };
  // The page would scroll with what is held. (The pointer's event comes before the touch's.)
  canvas.addEventListener("touchstart", (event) => { if (held) event.preventDefault(); }, {passive: false});
  canvas.onpointermove = (event) => {
    if (!held) canvas.classList.toggle("near", near(picture, event) !== null);
    if (!held || event.pointerId !== held.id) return;
    if (held.name) set(shown.handles(state)[held.name].move(eye(picture).lift(where(event), held.side)));
    else orbit(-(event.clientX - held.x) / picture.radius, (event.clientY - held.y) / picture.radius);
    Object.assign(held, {x: event.clientX, y: event.clientY});
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (!held || event.pointerId !== held.id) return;
    held = null;
    canvas.classList.remove("held");
    set(state);
  };
}

function orbit(azimuth, elevation) {
  camera = new Camera(camera.azimuth + azimuth, camera.elevation + elevation);
  dirty = true;
}

// The chosen handle goes that way on the screen, by `unit`, 1/40 if it is not given, or by 2 degrees.
function nudge(x, y) {
  const handles = shown.handles(state), {at, move} = handles[chosen] ?? Object.values(handles)[0];
  if (shown.views[0].flat) set(move(plus(at, times([x, y, 0], shown.unit ?? 0.025))));
  else {
    const way = plus(times(camera.right, x), times(camera.up, y));
    set(move(along(at, normalize(project(at, way)), Math.PI / 90)));
  }
}

const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
document.onkeydown = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT") return;
  const arrow = ARROWS[event.key], names = Object.keys(shown.handles?.(state) ?? {});
  const turns = Boolean(camera) && !event.shiftKey;
  if (arrow && turns) orbit(-arrow[0] * Math.PI / 36, -arrow[1] * Math.PI / 36);
  else if (arrow && names.length) nudge(...arrow);
  else if (names.includes(event.key.toLowerCase())) chosen = event.key.toLowerCase();
  else if (event.key === "Escape") { camera = shown.camera; set(shown.start); }
  else return;
  playing = null;
  set(state); // so that a button says Play again
  event.preventDefault();
};

// Every frame: move on if something plays, draw if something changed.
function tick(now) {
  if (playing) {
    const {name, from, to, seconds, since} = playing, s = Math.min(1, (now - since) / 1000 / seconds);
    if (s === 1) playing = null;
    set({...state, [name]: from + s * (to - from)});
  }
  if (dirty) draw();
  requestAnimationFrame(tick);
}

function draw() {
  const loss = shown.loss?.(state) ?? null;
  pictures.forEach((picture, i) => picture.draw(eye(picture), shown.marks(state, i), loss));
  dirty = false;
}

// The state as an address, eta=0.3&w=1,0.5,0, and back: what is not like the start, in kind and number, is left out.
function address() {
  const short = (x) => typeof x === "number" ? Math.round(1e4 * x) / 1e4 : x;
  const plain = Object.entries(state).filter(([name]) => of(name)).map(([name, x]) => [name, [x].flat(9).map(short)]);
  return String(new URLSearchParams(plain)).replaceAll("%2C", ",");
}

function put(address) {
  playing = null;
  const next = {...shown.start};
  for (const [name, text] of new URLSearchParams(address)) next[name] = of(name)?.(text) ?? shown.start[name];
  set(next);
}

// text -> value for a number of a slider, a choice, or a list of numbers of the state; undefined if it is none.
function of(name) {
  const control = shown.controls.find(({slider, choice}) => (slider ?? choice) === name), start = shown.start[name];
  if (control?.options) return (text) => Object.hasOwn(control.options, text) ? text : undefined;
  if (control?.range) {
    const [from, to, step] = control.range, near = (x) => from + Math.round((x - from) / step) * step;
    return (text) => Number.isFinite(Number(text)) ? Math.max(from, Math.min(to, near(Number(text)))) : undefined;
  }
  if (!Array.isArray(start) || !start.flat(9).every(Number.isFinite)) return undefined;
  const like = (one, left) => {
    if (!Array.isArray(one)) return left.shift();
    const point = one.map((part) => like(part, left)), unit = one.every(Number.isFinite) && Math.abs(norm(one) - 1) < 1e-6;
    return unit ? normalize(point) : point;
  };
  return (text) => {
    const all = text.split(",").map(Number);
    const value = all.length === start.flat(9).length && all.every(Number.isFinite) ? like(start, all) : [NaN];
    return value.flat(9).every(Number.isFinite) ? value : undefined;
  };
}

// The page around it says how dark it is, or what to show; and is told how tall this one is, or what it shows.
function dress(theme) {
  document.documentElement.dataset.theme = theme;
  dirty = true;
}
addEventListener("message", ({data, source}) => {
  if (["light", "dark"].includes(data?.theme)) dress(data.theme);
  if (typeof data?.put === "string") put(data.put);
  if (data?.ask === "address") source.postMessage({address: address()}, "*");
});
addEventListener("hashchange", () => put(location.hash.slice(1)));
if (parent === window) dark.onchange = () => dress(dark.matches ? "dark" : "light");
printing.onchange = draw;
addEventListener("resize", () => { $("sentence").style.minHeight = ""; set(state); });
if (parent !== window) {
  const tell = () => parent.postMessage({figure: $("figure").offsetHeight}, "*");
  new ResizeObserver(tell).observe($("figure"));
}

const names = Object.keys(shown.handles?.(state) ?? {}).map((name) => `<i>${name}</i>`).join(", ");
const KEYS = {
  drag: shown.handles ? `Drag ${shown.drag ?? names}` : "",
  turn: camera ? "drag the sphere to turn it" : "",
};
$("keys").innerHTML = [
  [KEYS.drag, KEYS.turn].filter(Boolean).join("; ").replace(/^d/, "D"),
  camera && shown.handles ? "Keys: <kbd>arrows</kbd> turn, <kbd>Shift</kbd> <kbd>arrows</kbd> move"
    : shown.handles ? "Keys: <kbd>arrows</kbd> move" : camera ? "Keys: <kbd>arrows</kbd> turn" : "",
].filter(Boolean).map((text) => `${text}${text.startsWith("Keys") ? ", <kbd>Esc</kbd> begins again" : ""}.`).join(" ");
dress(dark.matches ? "dark" : "light");
put(location.hash.slice(1));
requestAnimationFrame(tick);
