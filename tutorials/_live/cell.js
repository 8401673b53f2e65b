// A cell, which its reader may run, change, check and take back.

class Cell {
  constructor(place, number) {
    this.place = place;
    this.number = number;
    this.box = place.querySelector(".cell_input");
    this.exercise = place.matches(".tag_exercise") ? exercises.shift() : null; // {empty, check}
    this.hidden = place.matches(".tag_check");
    this.original = this.exercise?.empty ?? this.box.querySelector("pre").textContent.replace(/\n$/, "");
    this.built = place.querySelector(".cell_output");
    this.text = this.original;
    this.editor = this.output = null;
    place.style.setProperty("--live-size", getComputedStyle(this.box.querySelector("pre")).fontSize);
  }

  open() { // the buttons come
    if (this.bar || this.hidden) return;
    if (this.exercise) this.unfold();
    this.state = make("span", {class: "live-state"});
    this.start = button("Run", () => this.run(), "Or Shift+Enter in the cell");
    this.stop = button("Stop", () => engine.stop(), "Ends Python, even in an endless loop");
    this.stop.hidden = true;
    this.reset = button("Reset", () => this.back(), "The cell as it was, and its output");
    this.bar = make("div", {class: "live-bar", role: "group", "aria-label": `cell ${this.number}`},
      make("span", {class: "live-number"}, `cell ${this.number}`),
      ...(this.exercise ? [button("Check", () => this.check(), "Runs the cell, and says why it is not right yet")] : []),
      this.start, this.stop,
      button("Run all above", () => runAll(cells.slice(0, this.number - 1).filter((cell) => cell.runs))),
      ...(this.exercise ? [] : [button("Edit", () => this.edit(true))]),
      this.reset, this.state);
    const [, note] = Object.entries(given.notes[lesson] ?? {}).find(([words]) => this.original.includes(words)) ?? [];
    if (note) this.bar.append(make("span", {class: "live-note"}, note));
    this.reset.hidden = true;
    this.box.after(this.bar);
    if (this.exercise) this.edit(false);
  }

  unfold() { // an exercise, until now out of sight: the cell to fill in, and folded below it an answer
    const answer = this.box, folded = make("details", {}, make("summary", {}, "An answer as code"));
    this.box = make("div", {class: "cell_input"}, make("div", {class: "highlight"}, make("pre", {}, this.original)));
    answer.before(this.box, folded);
    folded.append(answer);
    this.place.classList.add("live-exercise");
  }

  get changed() { return this.text !== this.original; }

  get runs() { return !this.hidden && (!this.exercise || this.changed); } // with the others

  run() { runAll([this]); }

  check() {
    engine.run([this.job, {number: this.number + 1, source: this.exercise.check, cell: this, checks: true}]);
  }

  judge() { // what the check has printed last
    const words = this.output.innerText.trim().split("\n").pop();
    this.place.dataset.answer = /^Right/.test(words) ? "right" : "wrong";
    say(words);
  }

  get job() { return {number: this.number, source: this.text, cell: this}; }

  async edit(focus) {
    if (!this.editor) {
      const changed = (text) => {
        this.text = text;
        this.reset.hidden = !this.changed && !this.output;
        delete this.place.dataset.answer;
        keep(this);
      };
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
    if (this.exercise) this.edit(false);
    this.output?.remove();
    this.output = null;
    this.built?.classList.remove("live-hidden");
    this.reset.hidden = true;
    this.mark("");
    keep(this);
  }

  mark(state) {
    if (this.hidden) return;
    this.place.dataset.live = state;
    delete this.place.dataset.answer;
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
