// A live lesson: its reader runs the cells, changes them and takes them away. Nothing is loaded until one asks for it.
//
// live.py joins load.js, engine.js, cell.js, changes.js and this file into one function, whose value is `live`.

let cells = [], exercises = [], bar, status, clock;

function say(words) { // above the lesson, and beside the cell that waits for it
  status.textContent = words;
  if (!engine.now) engine.queue[0]?.cell.say(words);
}

function tell() { // which cell runs, and for how long
  clearInterval(clock);
  clock = setInterval(() => {
    if (!engine.now) { clearInterval(clock); return; }
    const seconds = Math.round((performance.now() - engine.since) / 1000);
    const does = engine.now.film === undefined ? "runs" : "draws its film";
    status.textContent = `Cell ${engine.now.cell.number} ${does}, ${seconds} s`;
    engine.now.cell.say(`${does}, ${seconds} s`);
  }, 500);
}

function runAll(which) {
  open();
  engine.run(which.map((cell) => cell.job));
}

async function download(kind) {
  const notebook = structuredClone(await load(`lessons/${lesson}`));
  const code = notebook.cells.filter((cell) => cell.cell_type === "code");
  cells.forEach((cell) => { if (cell.changed) code[cell.number - 1].source = cell.text; });
  if (kind === "ipynb") give(`${lesson}.ipynb`, JSON.stringify(notebook, null, 1) + "\n", "application/x-ipynb+json");
  else give(`${lesson}.py`, notebook.cells.map(percent).join("\n") , "text/x-python");
}

function percent(cell) {
  const text = [].concat(cell.source).join("");
  if (cell.cell_type === "code") return `# %%\n${text}\n`;
  return `# %% [markdown]\n${text.split("\n").map((line) => `# ${line}`.trimEnd()).join("\n")}\n`;
}

function open() {
  if (bar.classList.contains("live-open")) return;
  bar.classList.add("live-open");
  cells.forEach((cell) => cell.open());
  bar.append(
    button("Run all", () => runAll(cells.filter((cell) => cell.runs))),
    button("Stop", () => engine.stop(), "Ends Python, even in an endless loop"),
    button("Share", async () => {
      const address = link();
      history.replaceState(null, "", address);
      try { await navigator.clipboard.writeText(address); say("The link is copied: it holds your changes."); }
      catch { say("The address of this page now holds your changes."); }
    }, "A link with your changes"),
    button(".ipynb", () => download("ipynb"), "Take the lesson with your changes as a notebook"),
    button(".py", () => download("py"), "Take the lesson with your changes as a script"));
  bar.append(status);
}

function begin() {
  const places = [...document.querySelectorAll("div.cell")].filter((place) => place.querySelector(".cell_input pre"));
  const title = document.querySelector("article h1");
  if (!places.length || !title) return;
  exercises = JSON.parse(document.getElementById("live-exercises")?.textContent ?? "[]");
  cells = places.map((place, i) => new Cell(place, i + 1));
  status = make("span", {class: "live-status", role: "status"});
  bar = make("div", {class: "live-lesson", role: "group", "aria-label": "run this lesson"});
  const lacks = lacking();
  if (lacks) say(`This lesson cannot run in this browser, which lacks ${lacks}. ${NEEDS}`);
  else bar.append(button("Run this lesson", ({target}) => {
    target.remove();
    open();
    engine.start().then(() => engine.now || say("Ready"), (error) => error === STOPPED || engine.hear({broken: error.message}));
  }, `Loads Python, ${megabytes(Object.keys(given.sizes).filter((n) => /^(program|python)/.test(n)))} MB, into this page`));
  bar.append(status);
  title.after(bar);
  if (!lacks) restore();
}

document.addEventListener("DOMContentLoaded", begin);
