// What a page loads, and small things that all need.
//
// Scripts are all that a page opened as a file may load, so each hands what it carries to live.take(name, it).

const given = /* given */ {}; // by live.py: how many pieces, the words of each pack, notes on cells, the size of each script
const base = document.currentScript.src.replace(/[^/]*$/, "");
const lesson = document.documentElement.dataset.lesson ?? location.pathname.replace(/^.*\/|\.html$/g, "");
const NEEDS = "It takes Chrome or Edge 137, Firefox 131, Safari 18.4, or newer.";

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

const waiting = new Map(), loaded = new Map();

function take(name, what) {
  waiting.get(name)(what);
  waiting.delete(name);
}

function load(name) { // once; a script that failed may be tried again
  if (!loaded.has(name)) {
    loaded.set(name, new Promise((done, failed) => {
      waiting.set(name, done);
      const without = (words) => { loaded.delete(name); failed(new Error(`${name}.js ${words}`)); };
      const script = make("script", {src: `${base}${name}.js`, error: () => without("is missing beside this page")});
      script.addEventListener("load", () => {
        script.remove();
        if (waiting.has(name)) without("is damaged");
      });
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
