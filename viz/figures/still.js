// A still is a figure as it stands at the start, as SVG: node draws it, for readers without JavaScript.
//
// Paper is what a Picture asks of a canvas; it writes down, in whole units, what is drawn on it.

const WIDE = 720, ZOOM = 2, CONTOURS = 14; // pixels that the page gives to all views, units a pixel, contours' fineness
const SECTORS = 60; // of a wheel of colours
const COARSE = 0.2; // of the loss map: pixels of the image by the pixel of the page

class Paper {
  constructor(width, height) { Object.assign(this, {width, height, marks: [], saved: [], dashes: [], path: []}); }

  getContext() { return this; }
  getBoundingClientRect() { return {width: this.width, height: this.height}; }
  save() { this.saved.push([this.globalAlpha, this.dashes, this.clipped]); }
  restore() { [this.globalAlpha, this.dashes, this.clipped] = this.saved.pop(); }
  beginPath() { this.path = []; }
  closePath() { this.path.push("Z"); }
  moveTo(x, y) {
    this.last = [round(x), round(y)];
    this.path.push(`M${this.last[0]} ${this.last[1]}`);
  }
  lineTo(x, y) { // from the last place
    const [dx, dy] = [round(x) - this.last[0], round(y) - this.last[1]];
    this.last = [round(x), round(y)];
    if (dx || dy) this.path.push(`l${dx} ${dy}`);
  }
  arc(x, y, radius, from, to) {
    const ends = (a) => `${round(x + radius * Math.cos(a))} ${round(y + radius * Math.sin(a))}`, r = round(radius);
    const whole = to - from > 2 * Math.PI, middle = whole ? from + Math.PI : (from + to) / 2;
    const start = this.path.length ? "L" : "M", last = whole ? from : to;
    this.path.push(`${start}${ends(from)}A${r} ${r} 0 0 1 ${ends(middle)}A${r} ${r} 0 0 1 ${ends(last)}`);
    this.round = {x, y, radius};
  }
  clip() { this.clipped = true; } // what is clipped is a square, to its circle
  setLineDash(dashes) { this.dashes = dashes; }
  setTransform() {}
  clearRect() {}
  fill() {
    if (this.fillStyle.wheel) this.sectors(this.fillStyle.wheel);
    else this.add(`<path d="${this.path.join("")}" fill="${this.fillStyle}"`);
  }
  sectors(colours) { // around the last arc's middle, SECTORS of them
    const {x, y, radius} = this.round, at = (k) => 2 * Math.PI * k / SECTORS;
    const place = (k) => `${round(x + radius * Math.cos(at(k)))} ${round(y + radius * Math.sin(at(k)))}`, r = round(radius);
    for (let k = 0; k < SECTORS; k++) { // each reaches a little under the next
      const colour = colours[Math.round((1 - (k + 0.5) / SECTORS) * colours.length) % colours.length];
      this.add(`<path d="M${round(x)} ${round(y)}L${place(k)}A${r} ${r} 0 0 1 ${place(k + 1.2)}Z" fill="${colour}"`);
    }
  }
  stroke() {
    if (!this.path.length) return;
    const dash = this.dashes.length ? ` stroke-dasharray="${this.dashes.map(round).join(" ")}"` : "";
    const width = Math.round(10 * ZOOM * this.lineWidth) / 10;
    this.add(`<path d="${this.path.join("")}" fill="none" stroke="${this.strokeStyle}" stroke-width="${width}"${dash}`);
  }
  fillRect(x, y, width, height) { // all of one look in one path
    if (this.globalAlpha === 0) return;
    const [w, h] = [width, height].map((v) => Math.max(1, round(v))), [left, top] = [round(x), round(y)];
    const box = `M${left} ${top}h${w}v${h}h${-w}z`, look = `fill="${this.fillStyle}"${this.look()}/>`;
    const one = this.marks.findIndex((mark) => mark.endsWith(`z" ${look}`));
    if (one < 0) this.marks.push(`<path d="${box}" ${look}`);
    else this.marks[one] = this.marks[one].replace('" fill', `${box}" fill`);
  }
  drawImage({image}, x, y, width, height) {
    const [w, h] = [round(width), round(height)];
    this.add(`<image x="${round(x)}" y="${round(y)}" width="${w}" height="${h}" href="${png(image)}"`);
  }
  createRadialGradient() {
    const stops = [];
    return {addColorStop: (_, colour) => stops.push(colour), toString: () => stops[0]};
  }
  createConicGradient() {
    const wheel = []; // counterclockwise, as `wheel` of a Picture adds them
    return {wheel, addColorStop: (at, colour) => { if (at > 0) wheel.push(colour); }};
  }
  measureText(text) { return {width: 0.56 * this.size * text.length}; }
  get size() { return Number(/([\d.]+)px/.exec(this.font)[1]); }
  strokeText(text, x, y) { this.text(text, x, y, `fill="none" stroke="${this.strokeStyle}"`); }
  fillText(text, x, y) { this.text(text, x, y, `fill="${this.fillStyle}"`); }
  text(text, x, y, paint) {
    const italic = this.font.startsWith("italic") ? ' font-style="italic"' : "";
    const halo = paint.includes("stroke=") ? ` stroke-width="${round(this.lineWidth)}" stroke-linejoin="round"` : "";
    const plain = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    this.add(`<text x="${round(x)}" y="${round(y)}" font-size="${round(this.size)}"${italic} ${paint}${halo}`, plain);
  }
  look() {
    const alpha = this.globalAlpha ?? 1, seen = alpha < 1 ? ` opacity="${Math.round(100 * alpha) / 100}"` : "";
    return `${seen}${this.clipped ? ' style="clip-path:circle(50%)"' : ""}`;
  }
  add(mark, inside = "") { this.marks.push(`${mark}${this.look()}${inside ? `>${inside}</text>` : "/>"}`); }
}

const round = (x) => Math.round(ZOOM * x);

// An image of no other colours than the palette's as a PNG, in a data URI.
function png({width, height, data: bytes}) {
  const colours = data.palette.match(/.{6}/g), index = new Map(colours.map((hex, i) => [parseInt(hex, 16), i]));
  const rows = Buffer.alloc(height * (width + 1)); // each begins with its filter, 0
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const [r, g, b] = bytes.subarray(4 * (i * width + j));
      rows[i * (width + 1) + j + 1] = index.get(r << 16 | g << 8 | b);
    }
  }
  const chunk = (type, body) => {
    const named = Buffer.concat([Buffer.from(type), body]), ends = Buffer.alloc(8);
    ends.writeUInt32BE(body.length, 0);
    let crc = 0xffffffff;
    for (const byte of named) {
      crc ^= byte;
      for (let k = 0; k < 8; k++) crc = crc & 1 ? crc >>> 1 ^ 0xedb88320 : crc >>> 1;
    }
    ends.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 4);
    return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3], 8); // eight bits, with a palette
  const packed = require("zlib").deflateSync(rows, {level: 9});
  const parts = [Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head)];
  parts.push(chunk("PLTE", Buffer.from(data.palette, "hex")), chunk("IDAT", packed), chunk("IEND", Buffer.alloc(0)));
  return `data:image/png;base64,${Buffer.concat(parts).toString("base64")}`;
}

const COLOURS = {"--paper": "#ffffff", "--ink": "#1b1f24", "--soft": "#57606a"}; // of style.css, light
globalThis.window = {devicePixelRatio: COARSE};
globalThis.document = {createElement: () => ({getContext() { return {putImageData: (image) => { this.image = image; }}; }})};
globalThis.getComputedStyle = () => ({getPropertyValue: (name) => COLOURS[name]});
globalThis.ImageData = class {
  constructor(width, height) { Object.assign(this, {width, height, data: new Uint8ClampedArray(4 * width * height)}); }
};

const data = JSON.parse(require("fs").readFileSync(0)), shown = figure(data), state = shown.start;
const loss = shown.loss?.(state) ?? null;
const views = shown.views.map((view, i) => {
  const width = WIDE / shown.views.length, height = Math.min(16 * (view.tall ?? 26), width / (view.wide ?? 1));
  const paper = new Paper(width, height), picture = new Picture(paper, data, view);
  if (loss) picture.lines.set(loss, contours(neuron(loss.numbers), loss.limits, CONTOURS));
  picture.fade = () => {};
  picture.draw(view.flat ? new Flat() : shown.camera, shown.marks(state, i), loss);
  const title = view.title ? `<figcaption>${view.title}</figcaption>` : "";
  return `<figure>${title}<svg viewBox="0 0 ${round(width)} ${round(height)}" aria-hidden="true">
${paper.marks.join("\n")}
</svg></figure>`;
});
const sentence = shown.sentence(state).replace(/\*(.+?)\*/g, "<i>$1</i>");
process.stdout.write(`<div id="still">${views.join("")}</div>\n<p>${sentence}</p>`);
