"use strict";
// The worker is where Python runs: one instance for one open lesson, so that the page stays awake and Stop can end it.
//
// It hears   {piece}            a part of python.wasm, compressed, as base64; null after the last one
//            {module}           or that program as compiled before
//            {pack}             files for Python: a compressed tar as base64
//            {start}            nothing more is needed to begin
//            {number, source}   a cell to run
//            {film}             the film of the scene of that number
// and says   {module}, {ready}, {stream, text}, {html} and {film, html}, {done, ok}, {broken}.

const HOME = "/usr/local/lib/python315.zip"; // for CPython a zip of its modules; here a folder that bears that name
const root = new Folder();
const files = folder(HOME), request = new File();
folder("/tmp");
let python = null, program = null, pieces = null;
let room = 0; // for what a cell prints

function folder(path) {
  let at = root;
  for (const name of path.split("/").filter(Boolean)) {
    if (!at.inside.has(name)) at.put(name, new Folder());
    at = at.inside.get(name);
  }
  return at;
}

function decoded(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

async function unpack(text) { // tar: before each file 512 bytes with its name and size, after it zeros up to a block
  const stream = new Blob([decoded(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const word = (at, length) => new TextDecoder().decode(bytes.subarray(at, at + length)).replace(/\0.*$/s, "");
  for (let at = 0; at < bytes.length && bytes[at];) {
    const name = [word(at + 345, 155), word(at, 100)].filter(Boolean).join("/");
    const size = parseInt(word(at + 124, 12), 8), cut = name.lastIndexOf("/");
    folder(`${HOME}/${name.slice(0, Math.max(cut, 0))}`).put(name.slice(cut + 1), new File(bytes.slice(at + 512, at + 512 + size)));
    at += 512 * (1 + Math.ceil(size / 512));
  }
}

function compile() { // while its pieces arrive
  const stream = new ReadableStream({start(to) { pieces = to; }}).pipeThrough(new DecompressionStream("gzip"));
  const headers = {"Content-Type": "application/wasm"};
  program = WebAssembly.compileStreaming(new Response(stream, {headers})).then((module) => {
    postMessage({module});
    return module;
  });
  program.catch(() => {}); // said when somebody waits for it
}

function terminal(stream) {
  const decoder = new TextDecoder();
  return new Device((bytes) => {
    room -= 100 + bytes.length; // a message is work for the page, however short
    if (room > 0) postMessage({stream, text: decoder.decode(bytes.slice(), {stream: true})});
    else if (room + 100 + bytes.length > 0) postMessage({stream: "stderr", text: "\n[What a cell prints beyond this is left out.]\n"});
  });
}

async function begin() {
  const live = folder("/live");
  let said = "";
  live.put("cell", request);
  live.put("show", new Device((bytes) => { // one line of JSON for one message
    said += new TextDecoder().decode(bytes.slice());
    for (let end; (end = said.indexOf("\n")) >= 0; said = said.slice(end + 1)) postMessage(JSON.parse(said.slice(0, end)));
  }));
  const system = new System(root, {
    args: ["/usr/local/bin/python.wasm"],
    environ: {HOME: "/tmp", TMPDIR: "/tmp", PYTHONTZPATH: "", PYTHONDONTWRITEBYTECODE: "1", MPLCONFIGDIR: "/tmp", MPLBACKEND: "agg", COLUMNS: "80", NO_COLOR: "1"},
    stdin: new Device(() => {}), stdout: terminal("stdout"), stderr: terminal("stderr"),
  });
  const module = await program;
  const instance = await WebAssembly.instantiate(module, {wasi_snapshot_preview1: system.calls, host: {call: () => -1}});
  system.memory = instance.exports.memory;
  instance.exports._initialize();
  python = (text) => {
    const bytes = new TextEncoder().encode(text), at = instance.exports.host_alloc(bytes.length) >>> 0;
    system.bytes.set(bytes, at);
    return instance.exports.turn(at, bytes.length);
  };
  python("import live_cell");
  postMessage({ready: true});
}

async function hear({piece, module, pack, start, number, source, film}) {
  if (module) program = Promise.resolve(module);
  if (piece !== undefined) {
    if (!program) compile();
    if (piece === null) pieces.close();
    else pieces.enqueue(decoded(piece));
  }
  if (pack) await unpack(pack);
  if (start) await begin();
  if (number === undefined && film === undefined) return;
  request.bytes = new TextEncoder().encode(JSON.stringify({number, source, film}));
  request.length = request.bytes.length;
  request.touch();
  room = 1 << 20;
  python("live_cell.answer()");
}

let before = Promise.resolve();
onmessage = ({data}) => {
  before = before.then(() => hear(data)).catch((error) => postMessage({broken: String(error?.message ?? error)}));
};
