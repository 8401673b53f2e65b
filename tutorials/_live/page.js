"use strict";
// A live lesson: its reader runs the cells, changes them and takes them away. Nothing is loaded until one asks for it.
//
// Scripts are all that a page opened as a file may load, so each hands what it carries to live.take(name, it).

const live = (() => {
  const given = /* given */ {}; // by live.py: how many pieces, the words of each pack, the size of each script
  const base = document.currentScript.src.replace(/[^/]*$/, "");
  const lesson = document.documentElement.dataset.lesson ?? location.pathname.replace(/^.*\/|\.html$/g, "");
  const NEEDS = "It takes Chrome or Edge 137, Firefox 131, Safari 18.4, or newer.";

  // --- small things ---

  function make(kind, attributes = {}, ...inside) {
    const one = document.createElement(kind);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") one.addEventListener(name, value);
      else if (typeof value === "boolean") one[name] = value;
      else one.setAttribute(name, value);
    }
    one.append(...inside);
    return one;
  }

  const button = (words, does, about) => make("button", {type: "button", click: does, ...(about && {title: about})}, words);

  function hash(text) { // FNV-1a, to see whether a cell is still the one that was changed
    let h = 0x811c9dc5;
    for (const c of text) h = Math.imul(h ^ c.codePointAt(0), 0x01000193) >>> 0;
    return h.toString(36);
  }

  function give(name, text, kind) {
    const link = make("a", {href: URL.createObjectURL(new Blob([text], {type: kind})), download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  // --- loading ---

  const waiting = new Map(), loaded = new Map();

  function take(name, what) { waiting.get(name)(what); }

  function load(name) { // once; a script that failed may be tried again
    if (!loaded.has(name)) {
      loaded.set(name, new Promise((done, failed) => {
        waiting.set(name, done);
        const script = make("script", {src: `${base}${name}.js`, error: () => {
          loaded.delete(name);
          failed(new Error(`${name}.js is missing beside this page`));
        }});
        script.addEventListener("load", () => script.remove());
        document.head.append(script);
      }));
    }
    return loaded.get(name);
  }

  function lacking() { // what this browser lacks, in words; "" if it can
    const exceptions = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 1, 105, 0]); // a function of an exnref
    if (!window.WebAssembly || !WebAssembly.validate(exceptions)) return "exceptions in WebAssembly";
    if (!window.DecompressionStream) return "DecompressionStream";
    return "";
  }

  // --- Python, in a worker ---

  const engine = {
    worker: null, module: null, packs: new Set(), queue: [], now: null, since: 0, starting: null, began() {}, failed() {},

    async start() {
      this.starting ??= this.begin().catch((error) => { this.starting = null; throw error; });
      await this.starting;
    },

    async begin() {
      const code = await load("worker");
      const address = URL.createObjectURL(new Blob([code], {type: "text/javascript"}));
      this.worker = new Worker(address);
      this.packs.clear();
      this.worker.onmessage = ({data}) => this.hear(data);
      this.worker.onerror = (error) => this.hear({broken: error.message});
      if (this.module) this.worker.postMessage({module: this.module});
      else await this.send();
      await this.need(["python"]);
      say("Starting Python");
      const ready = new Promise((done, failed) => { this.began = done; this.failed = failed; });
      this.worker.postMessage({start: true});
      await ready;
    },

    async send() {
      const names = Array.from({length: given.pieces}, (_, i) => `program${i}`);
      for (const name of names) {
        say(`Loading Python: ${megabytes(names.slice(0, names.indexOf(name)))} of ${megabytes([...names, "python"])} MB`);
        this.worker.postMessage({piece: await load(name)});
        loaded.delete(name); // the worker has it
      }
      this.worker.postMessage({piece: null});
    },

    async need(names) {
      for (const name of names.filter((name) => !this.packs.has(name))) {
        if (!loaded.has(name)) say(`Loading ${name}: ${megabytes([name])} MB`);
        this.packs.add(name);
        this.worker.postMessage({pack: await load(name)});
      }
    },

    run(jobs) { // each {number, source, cell} or {film, cell}
      const idle = !this.now && !this.queue.length;
      this.queue.push(...jobs);
      jobs.forEach(({cell}) => cell.mark("waits"));
      if (idle) this.next();
    },

    async next() {
      const job = this.queue[0];
      if (!job) { say("Ready"); return; }
      try {
        await this.start();
        const used = Object.entries(given.words).filter(([, words]) => words.some((word) => holds(job.source ?? "", word)));
        await this.need(used.map(([name]) => name));
      } catch (error) {
        if (job === this.queue[0]) this.hear({broken: error.message});
        return;
      }
      if (job !== this.queue[0]) return; // stopped meanwhile
      this.now = this.queue.shift();
      this.since = performance.now();
      job.cell.mark("runs");
      if (job.number !== undefined) job.cell.clear();
      this.worker.postMessage({number: job.number, source: job.source, film: job.film});
      tell();
    },

    hear(said) {
      const cell = this.now?.cell;
      if (said.module) this.module = said.module;
      else if (said.ready) this.began();
      else if (said.broken) {
        this.failed(new Error(said.broken));
        const jobs = this.end();
        say(`Python has broken off: ${said.broken}`);
        jobs.forEach(({cell}) => cell.mark(""));
      } else if (said.stream) cell?.print(said.text, said.stream);
      else if (said.html) cell?.show(said.html, said.film, this.now.film !== undefined);
      else if ("done" in said) {
        cell.mark(said.ok ? "ran" : "failed");
        const unrun = cells.slice(0, (cell.number ?? 1) - 1).some((one) => one.place.dataset.live !== "ran");
        if (said.error === "NameError" && unrun) cell.say("a name is missing: not all cells above have run");
        this.now = null;
        if (!said.ok) this.queue.splice(0).forEach(({cell}) => cell.mark(""));
        this.next();
      }
    },

    end() {
      this.worker?.terminate();
      this.worker = this.starting = null;
      this.failed(new Error("stopped"));
      const jobs = [this.now, ...this.queue.splice(0)].filter(Boolean);
      this.now = null;
      return jobs;
    },

    stop() {
      const jobs = this.end();
      cells.forEach((cell) => cell.mark(""));
      jobs[0]?.cell.print("Stopped.\n", "stderr");
      say("Stopped. Python starts afresh: what the cells computed is gone.");
    },
  };

  const megabytes = (names) => Math.round(names.reduce((sum, name) => sum + given.sizes[name], 0) / 1e6);
  const holds = (text, word) => new RegExp(`\\b${word.replace(".", "\\.")}\\b`).test(text);

  // --- a cell ---

  class Cell {
    constructor(place, number) {
      this.place = place;
      this.number = number;
      this.box = place.querySelector(".cell_input");
      this.original = this.box.querySelector("pre").textContent.replace(/\n$/, "");
      this.built = place.querySelector(".cell_output");
      this.text = this.original;
      this.editor = this.output = null;
      place.style.setProperty("--live-size", getComputedStyle(this.box.querySelector("pre")).fontSize);
    }

    open() { // the buttons come
      if (this.bar) return;
      this.state = make("span", {class: "live-state"});
      this.start = button("Run", () => this.run(), "Or Shift+Enter in the cell");
      this.stop = button("Stop", () => engine.stop(), "Ends Python, even in an endless loop");
      this.stop.hidden = true;
      this.reset = button("Reset", () => this.back(), "The cell as it was, and its output");
      this.bar = make("div", {class: "live-bar", role: "group", "aria-label": `cell ${this.number}`},
        make("span", {class: "live-number"}, `cell ${this.number}`),
        this.start, this.stop,
        button("Run all above", () => runAll(cells.slice(0, this.number - 1))),
        button("Edit", () => this.edit(true)),
        this.reset, this.state);
      this.reset.hidden = true;
      this.box.after(this.bar);
    }

    get changed() { return this.text !== this.original; }

    run() { runAll([this]); }

    async edit(focus) {
      if (!this.editor) {
        const changed = (text) => { this.text = text; this.reset.hidden = !this.changed && !this.output; keep(this); };
        const make = given.sizes.editor ? (await load("editor")).edit : plain;
        if (this.editor) return;
        this.box.classList.add("live-hidden");
        this.editor = make(this.box.parentElement, this.bar, this.text, `cell ${this.number}`, changed, () => this.run());
        this.bar.previousElementSibling.addEventListener("keydown", (event) => event.stopPropagation()); // "/" is a letter
        this.reset.hidden = !this.changed && !this.output;
      }
      if (focus) this.editor.focus();
    }

    set(text) {
      this.text = text;
      this.open();
      return this.edit(false);
    }

    back() {
      this.editor?.remove();
      this.editor = null;
      this.box.classList.remove("live-hidden");
      this.text = this.original;
      this.output?.remove();
      this.output = null;
      this.built?.classList.remove("live-hidden");
      this.reset.hidden = true;
      this.mark("");
      keep(this);
    }

    mark(state) {
      this.place.dataset.live = state;
      this.start.hidden = state === "waits" || state === "runs";
      this.stop.hidden = !this.start.hidden;
      this.say({waits: "waits", runs: "runs", ran: "done", failed: "stopped at an error"}[state] ?? "");
    }

    say(words) { this.state.textContent = words; }

    clear() {
      this.built?.classList.add("live-hidden");
      this.output?.remove();
      this.output = make("div", {class: "cell_output docutils container live-output"});
      this.bar.after(this.output);
      this.reset.hidden = false;
    }

    print(text, stream) {
      if (!this.output) this.clear();
      let last = this.output.lastElementChild;
      if (last?.dataset.stream !== stream) {
        last = make("div", {class: `output ${stream === "stderr" ? "stderr " : ""}stream`, "data-stream": stream},
          make("div", {class: "highlight"}, make("pre")));
        this.output.append(last);
      }
      const pre = last.querySelector("pre");
      pre.textContent = (pre.textContent + text).replace(/[^\n]*\r(?!\n)/g, ""); // a bar of progress writes over itself
    }

    show(html, film, replaces) {
      if (!this.output) this.clear();
      const one = make("div", {class: "output text_html"});
      one.innerHTML = html;
      if (film !== undefined && !replaces) {
        const ask = button("Draw the film", () => {
          ask.disabled = true;
          engine.run([{film, cell: this}]);
        }, "Some seconds, up to a minute");
        one.append(make("div", {class: "live-film"}, ask));
        one.dataset.film = film;
      }
      const still = replaces && this.output.querySelector(".live-film")?.closest(".output");
      if (still) still.replaceWith(one);
      else this.output.append(one);
    }
  }

  function plain(parent, before, text, name, changed, run) { // an editor without any library
    const area = make("textarea", {class: "live-editor", spellcheck: "false", autocapitalize: "off", autocomplete: "off",
      "aria-label": `${name}; Escape, then Tab, leaves it`, wrap: "off"});
    area.value = text;
    let leaves = false;
    const fit = () => { area.rows = area.value.split("\n").length; };
    const put = (start, end, words) => {
      area.setRangeText(words, start, end, "end");
      area.dispatchEvent(new Event("input"));
    };
    area.addEventListener("input", () => { fit(); changed(area.value); });
    area.addEventListener("keydown", (event) => {
      const {selectionStart: start, selectionEnd: end, value} = area, from = value.lastIndexOf("\n", start - 1) + 1;
      const indent = value.slice(from, start).match(/^ */)[0];
      if (event.key === "Enter" && event.shiftKey) run();
      else if (event.key === "Enter") put(start, end, "\n" + indent + (value.slice(from, start).trimEnd().endsWith(":") ? "    " : ""));
      else if (event.key === "Tab" && event.shiftKey && !leaves) put(from, from + value.slice(from).match(/^ {0,4}/)[0].length, "");
      else if (event.key === "Tab" && !leaves) put(start, end, " ".repeat(4 - (start - from) % 4));
      else { leaves = event.key === "Escape" || (leaves && event.key === "Shift"); return; }
      event.preventDefault();
    });
    fit();
    parent.insertBefore(area, before);
    return {focus: () => area.focus(), remove: () => area.remove()};
  }

  // --- what a reader has changed ---

  const KEY = `grassmann_np live ${lesson}`;

  function stored() {
    try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; }
  }

  const changes = () => Object.fromEntries(cells.filter((cell) => cell.changed).map((cell) => [cell.number, [hash(cell.original), cell.text]]));

  function keep(cell) {
    const all = stored();
    delete all[cell.number];
    if (cell.changed) all[cell.number] = [hash(cell.original), cell.text];
    try { localStorage.setItem(KEY, JSON.stringify(all)); } catch { /* a browser that keeps nothing */ }
    if (shared()) history.replaceState(null, "", link());
  }

  const shared = () => location.hash.match(/^#cells=(.*)$/)?.[1];

  function link() {
    const bytes = new TextEncoder().encode(JSON.stringify(changes()));
    const letters = btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
    return `${location.href.replace(/#.*$/, "")}#cells=${letters}`;
  }

  function read(letters) {
    try {
      const bytes = Uint8Array.from(atob(letters.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch { say("The link is damaged: the lesson is as it was."); return {}; }
  }

  function restore() {
    const link = shared(), kept = {...stored(), ...(link ? read(link) : {})};
    let old = 0;
    for (const [number, [of, text]] of Object.entries(kept)) {
      const cell = cells[number - 1];
      if (cell && of === hash(cell.original)) { open(); cell.set(text); }
      else old++;
    }
    if (old) say(`${old} changed cell${old > 1 ? "s" : ""} left out: the lesson has changed since.`);
    else if (Object.keys(kept).length) say(link ? "The link has changed cells." : "Your changes are here.");
  }

  // --- the bar above the lesson ---

  let cells = [], bar, status, clock;

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
    engine.run(which.map((cell) => ({number: cell.number, source: cell.text, cell})));
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
      button("Run all", () => runAll(cells)),
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
    cells = places.map((place, i) => new Cell(place, i + 1));
    status = make("span", {class: "live-status", role: "status"});
    bar = make("div", {class: "live-lesson", role: "group", "aria-label": "run this lesson"});
    const lacks = lacking();
    if (lacks) say(`This lesson cannot run in this browser, which lacks ${lacks}. ${NEEDS}`);
    else bar.append(button("Run this lesson", ({target}) => {
      target.remove();
      open();
      engine.start().then(() => engine.now || say("Ready"), (error) => engine.hear({broken: error.message}));
    }, `Loads Python, ${megabytes(Object.keys(given.sizes).filter((n) => /^(program|python)/.test(n)))} MB, into this page`));
    bar.append(status);
    title.after(bar);
    if (!lacks) restore();
  }

  document.addEventListener("DOMContentLoaded", begin);
  return {take, engine, get cells() { return cells; }};
})();
