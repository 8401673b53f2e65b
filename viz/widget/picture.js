// A picture is the sphere on a canvas, with marks on it.
//
// Layers from the back: planes behind, the loss map with its contour lines, graticule, hidden halves (dashed and
// faded), limb, planes in front, curves, vectors, points, labels with a halo.

const LAYERS = ["planeBehind", "surface", "hidden", "limb", "plane", "curve", "halo", "vector", "point", "label"];
const FADED = 0.4, REACH = 1.14;

class Picture {
  constructor(canvas, {numbers, limits, palette, styles}) {
    Object.assign(this, {canvas, numbers, limits, styles, context: canvas.getContext("2d")});
    this.palette = Array.from({length: 256}, (_, i) => parseInt(palette.slice(6 * i, 6 * i + 6), 16));
    this.contours = contours(neuron(numbers), limits);
    this.map = document.createElement("canvas");
    this.resize();
  }

  // Take the size that the canvas has on the page, in pixels of the device.
  resize() {
    const {width, height} = this.canvas.getBoundingClientRect();
    this.ratio = Math.min(3, window.devicePixelRatio || 1);
    Object.assign(this, {width, height, radius: Math.min(width, height) / 2 / REACH});
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    this.unit = Math.max(0.8, this.radius / 200); // of the width of lines
    this.mapped = null;
  }

  pixels([x, y]) { return [this.width / 2 + this.radius * x, this.height / 2 - this.radius * y]; }

  // Where a pixel of the canvas is on the screen of the camera.
  at(x, y) { return [(x - this.width / 2) / this.radius, (this.height / 2 - y) / this.radius]; }

  draw(camera, list) {
    const c = this.context, css = getComputedStyle(this.canvas);
    this.paper = css.getPropertyValue("--paper").trim();
    this.ink = css.getPropertyValue("--ink").trim();
    this.layers = Object.fromEntries(LAYERS.map((name) => [name, []]));
    this.labels = [];
    this.camera = camera;
    this.layers.surface.push(() => this.surface());
    this.layers.limb.push(() => this.circle([0, 0], this.radius, {stroke: "#333", width: 1.3 * this.unit}));
    for (const mark of list) this[mark.kind](mark, {...this.styles[mark.role], alpha: mark.alpha ?? 1});
    this.place();
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.clearRect(0, 0, this.width, this.height);
    for (const name of LAYERS) for (const paint of this.layers[name]) { c.save(); paint(); c.restore(); }
    this.fade(14);
  }

  // What reaches over the edges of the canvas fades out there.
  fade(deep) {
    const c = this.context, {width, height} = this;
    c.save();
    c.globalCompositeOperation = "destination-out";
    for (const [x, y, dx, dy] of [
      [0, 0, deep, 0], [0, 0, 0, deep], [width, height, -deep, 0], [width, height, 0, -deep],
    ]) {
      c.fillStyle = c.createLinearGradient(x, y, x + dx, y + dy);
      c.fillStyle.addColorStop(0, "#000");
      c.fillStyle.addColorStop(1, "transparent");
      c.fillRect(0, 0, width, height);
    }
    c.restore();
  }

  // What lies on the sphere itself.
  surface() {
    const c = this.context, [x, y] = this.pixels([-1, 1]), side = 2 * this.radius;
    if (this.mapped !== this.camera) this.colour();
    this.mapped = this.camera;
    c.save();
    c.beginPath();
    c.arc(this.width / 2, this.height / 2, this.radius, 0, 7);
    c.clip();
    c.imageSmoothingQuality = "high";
    c.drawImage(this.map, x, y, side, side);
    c.restore();
    const visible = this.contours.filter(([a, b]) => this.camera.depth(plus(a, b)) > 0);
    this.stroke(visible.map((line) => line.map((p) => this.camera.screen(p))), "#fff", 0.9 * this.unit, 0.8);
    this.stroke(GRATICULE.flatMap((circle) => this.camera.splitCurve(circle).front), "#31415a", 0.5 * this.unit, 0.45);
  }

  // The loss in every pixel of the map: the neuron is turned into the camera's coordinates, once, then asked there.
  colour() {
    const n = Math.max(64, Math.min(420, Math.round(2 * this.radius * this.ratio))), [low, high] = this.limits;
    const {R, c, eps} = this.numbers, {right, up, direction} = this.camera, basis = [right, up, direction];
    const S = basis.map((a) => basis.map((b) => dot(a, R.map((row) => dot(row, b)))));
    const k = basis.map((a) => dot(a, c));
    const image = new ImageData(n, n), rgba = new Uint32Array(image.data.buffer);
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++) {
        let x = (2 * i + 1) / n - 1, y = 1 - (2 * j + 1) / n;
        const rho = Math.sqrt(x * x + y * y);
        if (rho > 1) { x /= rho; y /= rho; } // beyond the limb, the limb's
        const z = Math.sqrt(Math.max(0, 1 - x * x - y * y));
        const wRw = S[0][0] * x * x + S[1][1] * y * y + S[2][2] * z * z
          + 2 * (S[0][1] * x * y + S[0][2] * x * z + S[1][2] * y * z);
        const f = 1 - (k[0] * x + k[1] * y + k[2] * z) / Math.sqrt(wRw + eps);
        const rgb = this.palette[Math.max(0, Math.min(255, Math.floor((f - low) * 255 / (high - low || 1))))];
        rgba[j * n + i] = 0xff000000 | (rgb & 0xff) << 16 | rgb & 0xff00 | rgb >> 16; // little-endian RGBA
      }
    }
    this.map.width = this.map.height = n;
    this.map.getContext("2d").putImageData(image, 0, 0);
  }

  point({at, label = "", aside, size = 1, hollow = false}, {color, alpha}) {
    const hidden = this.camera.hidden(at, true), screen = this.camera.screen(at);
    const open = hidden || hollow, radius = 5.2 * size * this.unit;
    this.layers[hidden ? "hidden" : "point"].push(() => {
      this.context.globalAlpha = alpha * (hidden ? FADED : 1);
      const look = open ? {stroke: color, width: 1.6 * this.unit}
        : {fill: color, stroke: "#fff", width: 1.4 * this.unit};
      this.circle(screen, radius, look);
    });
    const side = aside && norm(aside) > 0 ? this.camera.screen(aside) : [0, -1];
    this.labels.push({text: label, at: screen, side, color, alpha: hidden ? 0.7 : 1});
  }

  vector({at, v, label}, style) {
    const length = norm(v);
    if (length < 1e-6) return;
    const u = times(v, 1 / length), tall = Math.min(0.11, 0.6 * length), tip = plus(at, v);
    this.segment({at, v: times(u, length - 0.9 * tall)}, style);
    let across = normalize(cross(at, u));
    if (norm(across) === 0) across = this.camera.right;
    const base = plus(at, times(u, length - tall)), wide = times(across, 0.36 * tall);
    const corners = [tip, plus(base, wide), minus(base, wide)].map((p) => this.camera.screen(p));
    const hidden = this.camera.hidden(minus(tip, times(u, tall / 2)), false);
    this.layers[hidden ? "hidden" : "vector"].push(() => {
      this.polygon(corners, {fill: style.color, stroke: "#fff", width: 0.7 * this.unit, alpha: hidden ? FADED : 1});
    });
    this.labels.push({text: label, at: this.camera.screen(tip), side: this.camera.screen(v), color: style.color,
                      alpha: hidden ? 0.7 : 1, from: this.camera.screen(at)});
  }

  segment({at, v}, style) {
    const parts = this.camera.splitSegment(at, v), width = (style.width + 1.8) * this.unit;
    if (style.width > 2) this.layers.halo.push(() => this.stroke(parts.front, "#fff", width, style.alpha));
    this.halves(parts, style, "vector");
  }

  curve({points, width = 1}, style) {
    this.halves(this.camera.splitCurve(points), {...style, width: width * style.width}, "curve");
  }

  ring({at, radius, label}, style) {
    const axes = [[1, 0, 0], [0, 1, 0], [0, 0, 1]].sort((a, b) => Math.abs(dot(a, at)) - Math.abs(dot(b, at)));
    const e = normalize(project(at, axes[0]));
    const f = cross(at, e), points = Array.from({length: 97}, (_, i) => {
      const angle = Math.PI * i / 48;
      return plus(at, times(plus(times(e, Math.cos(angle)), times(f, Math.sin(angle))), radius));
    }).map((p) => this.camera.screen(p));
    const layer = this.camera.depth(at) > 0 ? "curve" : "planeBehind";
    this.layers[layer].push(() => {
      this.stroke([points], style.color, style.width * this.unit, style.alpha, style.dashes);
    });
    const lowest = points.reduce((a, b) => (b[1] < a[1] ? b : a)), centre = this.camera.screen(at);
    this.labels.push({text: label, at: lowest, side: [lowest[0] - centre[0], lowest[1] - centre[1]], color: style.color,
                      alpha: 1});
  }

  plane({at, e, half}, {color}) {
    const a = times(e, half), b = times(cross(at, e), half);
    const corners = [plus(a, b), minus(a, b), times(plus(a, b), -1), minus(b, a)]
      .map((p) => this.camera.screen(plus(at, p)));
    this.layers[this.camera.depth(at) > 0 ? "plane" : "planeBehind"].push(() => {
      this.polygon(corners, {fill: color, alpha: 0.28});
      this.polygon(corners, {stroke: color, width: this.unit, alpha: 0.9});
    });
  }

  // The two halves of a line: what is in front, and what the sphere hides, dashed and faded.
  halves({front, back}, {color, width, dashes, alpha}, layer) {
    width *= this.unit;
    this.layers[layer].push(() => this.stroke(front, color, width, alpha, dashes));
    this.layers.hidden.push(() => this.stroke(back, color, 0.7 * width, FADED * alpha, [1.6, 1.6]));
  }

  stroke(pieces, color, width, alpha, dashes) {
    const c = this.context;
    Object.assign(c, {strokeStyle: color, lineWidth: width, globalAlpha: alpha, lineJoin: "round"});
    c.setLineDash(dashes ? dashes.map((x) => x * width) : []);
    c.beginPath();
    for (const piece of pieces) piece.forEach((p, i) => c[i ? "lineTo" : "moveTo"](...this.pixels(p)));
    c.stroke();
  }

  polygon(corners, {fill, stroke, width, alpha}) {
    const c = this.context;
    Object.assign(c, {globalAlpha: alpha, lineJoin: "round"});
    c.setLineDash([]);
    c.beginPath();
    corners.forEach((p, i) => c[i ? "lineTo" : "moveTo"](...this.pixels(p)));
    c.closePath();
    this.ends(fill, stroke, width);
  }

  circle(centre, radius, {fill, stroke, width}) {
    this.context.beginPath();
    this.context.arc(...this.pixels(centre), radius, 0, 7);
    this.ends(fill, stroke, width);
  }

  ends(fill, stroke, width) {
    const c = this.context;
    if (fill) { c.fillStyle = fill; c.fill(); }
    if (stroke) { Object.assign(c, {strokeStyle: stroke, lineWidth: width}); c.stroke(); }
  }

  // Each label a little beyond its mark, pushed apart where two would meet, and inside the picture.
  place() {
    const size = Math.max(15, 15 * this.unit), gap = 0.6 * size / this.radius;
    const labels = this.labels.filter(({text}) => text);
    const [right, top] = this.at(this.width - size, size);
    for (const label of labels) {
      const length = Math.hypot(...label.side) || 1;
      label.place = label.at.map((x, i) => x + 1.9 * gap * label.side[i] / length);
    }
    for (let round = 0; round < 12; round++) {
      labels.forEach((a, i) => labels.slice(0, i).forEach((b) => {
        const x = a.place[0] - b.place[0], y = a.place[1] - b.place[1] + 1e-6, far = Math.hypot(x, y);
        const push = Math.max(0, 2.2 * gap - far) / far / 4;
        a.place = [a.place[0] + push * x, a.place[1] + push * y];
        b.place = [b.place[0] - push * x, b.place[1] - push * y];
      }));
    }
    for (const label of labels) {
      const place = inside(label.from ?? [0, 0], label.place, right, top);
      const outside = Math.hypot(...place) > 1 + gap / 2;
      this.layers.label.push(() => {
        const c = this.context, [x, y] = this.pixels(place);
        c.font = `italic 600 ${size}px system-ui, sans-serif`;
        Object.assign(c, {textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 0.24 * size});
        Object.assign(c, {strokeStyle: outside ? this.paper : "#fff", globalAlpha: label.alpha});
        c.strokeText(label.text, x, y);
        c.fillStyle = outside && ["#000000", "#444444"].includes(label.color) ? this.ink : label.color;
        c.fillText(label.text, x, y);
      });
    }
  }
}

// The last point of the way from a to b that is in the box of those half-widths.
function inside(a, b, right, top) {
  const s = Math.min(1, ...[right, top].map((most, i) =>
    Math.abs(b[i]) > most ? Math.max(0, (Math.sign(b[i]) * most - a[i]) / (b[i] - a[i])) : 1));
  return [a[0] + s * (b[0] - a[0]), a[1] + s * (b[1] - a[1])];
}

// Meridians and parallels, every 30 degrees.
const GRATICULE = (() => {
  const at = (a, b) => [Math.cos(b) * Math.cos(a), Math.cos(b) * Math.sin(a), Math.sin(b)];
  const steps = (n, from, to) => Array.from({length: n + 1}, (_, i) => (from + (to - from) * i / n) * Math.PI / 180);
  const parallels = [-60, -30, 0, 30, 60].map((b) => steps(120, 0, 360).map((a) => at(a, b * Math.PI / 180)));
  const meridians = Array.from({length: 12}, (_, i) => steps(60, -90, 90).map((b) => at(i * Math.PI / 6, b)));
  return [...parallels, ...meridians];
})();

// Ten lines of constant loss, as short segments [a, b] on the sphere: each face of an octahedron is cut into small
// triangles, and every level crosses a triangle in one segment.
function contours(loss, [low, high], n = 48) {
  const levels = Array.from({length: 10}, (_, i) => low + (high - low) * (i + 1) / 11), lines = [];
  const slice = (corners, level) => {
    const ends = [];
    corners.forEach(([p, f], i) => {
      const [q, e] = corners[(i + 1) % 3];
      if ((f < level) !== (e < level)) {
        ends.push(normalize(plus(times(p, Math.abs(e - level)), times(q, Math.abs(level - f)))));
      }
    });
    if (ends.length === 2) lines.push(ends);
  };
  for (const [a, b, c] of [1, -1].flatMap((a) => [1, -1].flatMap((b) => [1, -1].map((c) => [a, b, c])))) {
    const grid = Array.from({length: n + 1}, (_, i) => Array.from({length: n + 1 - i}, (_, j) => {
      const p = normalize([a * i, b * j, c * (n - i - j)]);
      return [p, loss(p)[0]];
    }));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n - i; j++) {
        const triangles = [[grid[i][j], grid[i + 1][j], grid[i][j + 1]]];
        if (j < n - i - 1) triangles.push([grid[i + 1][j], grid[i + 1][j + 1], grid[i][j + 1]]);
        for (const corners of triangles) for (const level of levels) slice(corners, level);
      }
    }
  }
  return lines;
}
