// Python, in a worker: one for the page, which runs one cell after another.

const STOPPED = new Error("stopped");

const engine = {
  life: null, module: null, queue: [], now: null, since: 0, began() {}, failed() {},

  async start() { // a life lasts until the worker is ended; what belongs to an ended one comes too late
    this.life ??= this.begin({worker: null, packs: new Set()});
    await this.life.started;
  },

  begin(life) {
    life.started = this.prepare(life).catch((error) => {
      life.worker?.terminate();
      if (life === this.life) this.life = null;
      throw error;
    });
    return life;
  },

  async prepare(life) {
    await null; // this.life is set
    const code = await this.got("worker", life);
    const address = URL.createObjectURL(new Blob([code], {type: "text/javascript"}));
    const worker = life.worker = new Worker(address);
    worker.onmessage = ({data}) => life === this.life && this.hear(data);
    worker.onerror = ({message}) => life === this.life && this.hear({broken: message});
    if (this.module) worker.postMessage({module: this.module});
    else await this.send(life);
    await this.need(["python"], life);
    say("Starting Python");
    const ready = new Promise((done, failed) => { this.began = done; this.failed = failed; });
    worker.postMessage({start: true});
    await ready;
  },

  async got(name, life) { // what a script carries, for this life
    const what = await load(name);
    if (life !== this.life) throw STOPPED;
    return what;
  },

  async send(life) {
    const names = Array.from({length: given.pieces}, (_, i) => `program${i}`);
    for (const name of names) {
      say(`Loading Python: ${megabytes(names.slice(0, names.indexOf(name)))} of ${megabytes([...names, "python"])} MB`);
      life.worker.postMessage({piece: await this.got(name, life)});
      loaded.delete(name); // the worker has it
    }
    life.worker.postMessage({piece: null});
  },

  async need(names, life) {
    for (const name of names.filter((name) => !life.packs.has(name))) {
      if (!loaded.has(name)) say(`Loading ${name}: ${megabytes([name])} MB`);
      life.worker.postMessage({pack: await this.got(name, life)});
      life.packs.add(name);
    }
  },

  run(jobs) { // each {number, source, cell}, with `checks` if it is a check, or {film, cell}
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
      await this.need(used.map(([name]) => name), this.life);
    } catch (error) {
      if (job === this.queue[0]) this.hear({broken: error.message});
      return;
    }
    if (job !== this.queue[0]) return; // stopped meanwhile
    this.now = this.queue.shift();
    this.since = performance.now();
    job.cell.mark("runs");
    if (job.number !== undefined && !job.checks) job.cell.clear();
    this.life.worker.postMessage({number: job.number, source: job.source, film: job.film});
    tell();
  },

  hear(said) {
    const {cell, checks} = this.now ?? {};
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
      const unrun = cells.slice(0, cell.number - 1).some((one) => one.runs && one.place.dataset.live !== "ran");
      if (said.error === "NameError" && unrun) cell.say("a name is missing: not all cells above have run");
      this.now = null;
      if (!said.ok) this.queue.splice(0).forEach((job) => job.cell === cell || job.cell.mark(""));
      this.next();
      if (checks) cell.judge();
    }
  },

  end() {
    this.life?.worker?.terminate();
    this.life = null;
    this.failed(STOPPED);
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
