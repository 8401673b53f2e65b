// What a reader has changed: it lasts in the browser, and is carried by a link.

const KEY = `grassmann_np live ${lesson}`;

function stored() {
  try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; }
}

const changes = () => Object.fromEntries(cells.filter((cell) => cell.changed).map((cell) => [cell.number, [hash(cell.original), cell.text]]));

function keep(cell) { // in the browser; changes that came by a link as well, and then the link is left
  const all = shared() ? {...stored(), ...changes()} : stored();
  delete all[cell.number];
  if (cell.changed) all[cell.number] = [hash(cell.original), cell.text];
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
    if (shared()) history.replaceState(null, "", location.href.replace(/#.*$/, ""));
  } catch { say("This browser does not keep your changes: take them away by Share, .ipynb or .py."); }
}

const shared = () => location.hash.match(/^#cells=(.*)$/)?.[1];

function link() {
  const bytes = new TextEncoder().encode(JSON.stringify(changes()));
  const letters = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  return `${location.href.replace(/#.*$/, "")}#cells=${letters}`;
}

function read(letters) {
  try {
    const bytes = Uint8Array.from(atob(letters.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    return Object(JSON.parse(new TextDecoder().decode(bytes)));
  } catch { say("The link is damaged: the lesson is as it was."); return {}; }
}

function restore() {
  const link = shared(), kept = {...stored(), ...(link ? read(link) : {})};
  let old = 0;
  for (const [number, change] of Object.entries(kept)) {
    const cell = cells[number - 1], [of, text] = Array.isArray(change) ? change : [];
    if (cell && of === hash(cell.original) && typeof text === "string") { open(); cell.set(text); }
    else old++;
  }
  if (old) say(`${old} changed cell${old > 1 ? "s" : ""} left out: the lesson has changed since.`);
  else if (Object.keys(kept).length) say(link ? "The link has changed cells." : "Your changes are here.");
}
