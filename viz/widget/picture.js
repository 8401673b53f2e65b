// A picture is the sphere on a canvas, or a flat sheet, with marks on it.
//
// Layers from the back: planes behind, the surface with its loss map and contour lines, hidden halves (dashed and
// faded), limb, planes in front, curves, vectors, points, labels with a halo.

const LAYERS = ["planeBehind", "surface", "hidden", "limb", "plane", "curve", "halo", "vector", "point", "label"];
const FADED = 0.4, REACH = 1.14;
const BLACK = "#000000", GREY = "#444444"; // on paper they are the ink of the page

class Picture {
  // `flat` for a sheet in place of the sphere, `bare` if no colour lies under its marks; from x[0] to x[1] and from
  // y[0] to y[1] is what is seen at least.
  constructor(canvas, {palette, styles}, {flat = false, bare = flat, x = [-REACH, REACH], y = x} = {}) {
    Object.assign(this, {canvas, styles, flat, bare, x, y, context: canvas.getContext("2d")});
    Object.assign(this, {lines: new Map(), chosen: {}}); // contours by loss, places by label: kept from draw to draw
    this.palette = Array.from({length: 256}, (_, i) => parseInt(palette.slice(6 * i, 6 * i + 6), 16));
    this.map = document.createElement("canvas");
    this.resize();
  }

  // Take the size that the canvas has on the page, in pixels of the device.
  resize() {
    const {width, height} = this.canvas.getBoundingClientRect();
    const {x, y} = this;
    this.ratio = Math.min(3, window.devicePixelRatio || 1);
    Object.assign(this, {width, height, radius: Math.min(width / (x[1] - x[0]), height / (y[1] - y[0]))});
    this.origin = [width / 2 - this.radius * (x[0] + x[1]) / 2, height / 2 + this.radius * (y[0] + y[1]) / 2];
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    this.unit = Math.max(0.8, Math.min(width, height) / (400 * REACH)); // of the width of lines
    this.mapped = null;
  }

  pixels([x, y]) { return [this.origin[0] + this.radius * x, this.origin[1] - this.radius * y]; }

  // Where a pixel of the canvas is on the screen of the camera.
  at(x, y) { return [(x - this.origin[0]) / this.radius, (this.origin[1] - y) / this.radius]; }

  // `loss` {numbers, limits} colours the sphere; without one it is plain.
  draw(camera, list, loss = null) {
    const c = this.context, css = getComputedStyle(this.canvas);
    for (const name of ["paper", "ink", "soft"]) this[name] = css.getPropertyValue(`--${name}`).trim();
    this.layers = Object.fromEntries(LAYERS.map((name) => [name, []]));
    Object.assign(this, {camera, labels: [], points: [], covered: []});
    if (!this.flat) {
      this.layers.surface.push(() => this.surface(loss));
      this.layers.limb.push(() => this.circle([0, 0], this.radius, {stroke: "#333", width: 1.3 * this.unit}));
    }
    for (const mark of list) {
      const style = this.styles[mark.role];
      const color = this.bare ? this.onPaper(style.color) : style.color;
      this[mark.kind](mark, {...style, color, alpha: mark.alpha ?? 1, width: style.width * (mark.width ?? 1)});
    }
    this.place();
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.clearRect(0, 0, this.width, this.height);
    for (const name of LAYERS) for (const paint of this.layers[name]) { c.save(); paint(); c.restore(); }
    this.fade(8);
  }

  // A colour as it is drawn on the paper of the page: on dark paper black would not be seen, and blue hardly.
  onPaper(color) {
    if (color === BLACK || color === GREY) return color === BLACK ? this.ink : this.soft;
    const bytes = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    const dark = /^#[0-9a-f]{6}$/.test(this.paper) && bytes(this.paper)[1] < 128;
    return dark ? `rgb(${bytes(color).map((x) => Math.round(x + 0.35 * (255 - x)))})` : color;
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
  surface(loss) {
    const c = this.context, [x, y] = this.pixels([-1, 1]), side = 2 * this.radius;
    c.save();
    c.beginPath();
    c.arc(...this.origin, this.radius, 0, 7);
    c.clip();
    if (loss) {
      if (this.mapped !== this.camera || this.coloured !== loss) this.colour(loss);
      Object.assign(this, {mapped: this.camera, coloured: loss});
      c.imageSmoothingQuality = "high";
      c.drawImage(this.map, x, y, side, side);
    } else { // lit from the upper left
      const light = this.pixels([-0.45, 0.55]);
      c.fillStyle = c.createRadialGradient(...light, 0, ...light, 1.7 * this.radius);
      c.fillStyle.addColorStop(0, "#f7f9fc");
      c.fillStyle.addColorStop(1, "#d9dbde");
      c.fillRect(x, y, side, side);
    }
    c.restore();
    if (loss && !this.lines.has(loss)) this.lines.set(loss, contours(neuron(loss.numbers), loss.limits));
    const visible = (this.lines.get(loss) ?? []).filter(([a, b]) => this.camera.depth(plus(a, b)) > 0);
    this.stroke(visible.map((line) => line.map((p) => this.camera.screen(p))), "#fff", 0.9 * this.unit, 0.8);
    const [color, width] = loss ? ["#31415a", 0.5] : ["#8c96a3", 0.6];
    this.stroke(GRATICULE.flatMap((circle) => this.camera.splitCurve(circle).front), color, width * this.unit, 0.45);
  }

  // The neuron is turned into the camera's coordinates, once, then asked in every pixel.
  colour({numbers: {R, c, eps}, limits}) {
    const {right, up, direction} = this.camera, basis = [right, up, direction];
    const S = basis.map((a) => basis.map((b) => dot(a, R.map((row) => dot(row, b)))));
    const k = basis.map((a) => dot(a, c));
    this.paint(limits, (x, y, z) => {
      const wRw = S[0][0] * x * x + S[1][1] * y * y + S[2][2] * z * z
        + 2 * (S[0][1] * x * y + S[0][2] * x * z + S[1][2] * y * z);
      return 1 - (k[0] * x + k[1] * y + k[2] * z) / Math.sqrt(wRw + eps);
    });
  }

  // The map: the colour of loss(x, y, z) in every pixel, in the camera's coordinates.
  paint([low, high], loss) {
    const n = Math.max(64, Math.min(420, Math.round(2 * this.radius * this.ratio)));
    const image = new ImageData(n, n), rgba = new Uint32Array(image.data.buffer);
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++) {
        let x = (2 * i + 1) / n - 1, y = 1 - (2 * j + 1) / n;
        const rho = Math.sqrt(x * x + y * y);
        if (rho > 1) { x /= rho; y /= rho; } // beyond the limb, the limb's
        const z = Math.sqrt(Math.max(0, 1 - x * x - y * y));
        const rgb = this.shade((loss(x, y, z) - low) / (high - low || 1));
        rgba[j * n + i] = 0xff000000 | (rgb & 0xff) << 16 | rgb & 0xff00 | rgb >> 16; // little-endian RGBA
      }
    }
    this.map.width = this.map.height = n;
    this.map.getContext("2d").putImageData(image, 0, 0);
  }

  // The colour of a loss, as a number: of the least at 0, of the greatest at 1.
  shade(s) { return this.palette[Math.max(0, Math.min(255, Math.floor(255 * s)))]; }

  // With `grip`, a ring around it says that a hand can take it.
  point({at, label = "", aside, size = 1, hollow = false, grip = false}, {color, alpha}) {
    const hidden = this.camera.hidden(at, Math.abs(norm(at) - 1) < 1e-6), screen = this.camera.screen(at);
    const open = hidden || hollow, radius = 5.2 * size * this.unit;
    this.layers[hidden ? "hidden" : "point"].push(() => {
      this.context.globalAlpha = alpha * (hidden ? FADED : 1);
      const look = open ? {stroke: color, width: 1.6 * this.unit}
        : {fill: color, stroke: this.bare ? this.paper : "#fff", width: 1.4 * this.unit};
      this.circle(screen, radius, look);
      this.context.globalAlpha *= 0.5;
      if (grip) this.circle(screen, radius + 5.5, {stroke: color, width: 2});
    });
    const side = aside && norm(aside) > 0 ? this.camera.screen(aside) : [0, -1];
    this.points.push(screen);
    this.labels.push({text: label, at: screen, side, color, alpha: hidden ? 0.7 : 1, room: grip ? 6 : 0});
  }

  vector({at, v, label}, style) {
    const length = norm(v);
    if (length < 1e-6) return;
    const u = times(v, 1 / length), tall = Math.min(this.flat ? 12 * this.unit / this.radius : 0.11, 0.6 * length);
    const tip = plus(at, v), base = plus(at, times(u, length - tall));
    this.segment({at, v: times(u, length - 0.9 * tall)}, style);
    let across = this.flat ? [-u[1], u[0], 0] : normalize(cross(norm(at) > 0 ? at : this.camera.direction, u));
    if (norm(across) === 0) across = this.camera.right;
    const wide = times(across, 0.36 * tall);
    const corners = [tip, plus(base, wide), minus(base, wide)].map((p) => this.camera.screen(p));
    const hidden = this.camera.hidden(minus(tip, times(u, tall / 2)), false);
    this.layers[hidden ? "hidden" : "vector"].push(() => {
      const edge = this.bare ? this.paper : "#fff", alpha = (hidden ? FADED : 1) * style.alpha;
      this.polygon(corners, {fill: style.color, stroke: edge, width: 0.7 * this.unit, alpha});
    });
    this.labels.push({text: label, at: this.camera.screen(tip), side: this.camera.screen(v), color: style.color,
                      alpha: hidden ? 0.7 : 1});
  }

  segment({at, v}, style) {
    const parts = this.camera.splitSegment(at, v), width = (style.width + 1.8) * this.unit;
    const edge = this.bare ? this.paper : "#fff";
    if (style.width > 2) this.layers.halo.push(() => this.stroke(parts.front, edge, width, style.alpha));
    this.halves(parts, style, "vector");
    for (let s = 0.06; s < 1; s += 0.06) this.covered.push(this.camera.screen(plus(at, times(v, s))));
  }

  curve({points}, style) {
    this.halves(this.camera.splitCurve(points), style, "curve");
    const every = Math.max(1, Math.floor(points.length / 40));
    for (let i = 0; i < points.length; i += every) this.covered.push(this.camera.screen(points[i]));
  }

  // The steps of a walk: a dot at each point, joined by great circles on the sphere and by lines on a sheet.
  trail({points, label = "", dots = true}, style) {
    const joined = points.slice(1).flatMap((q, i) => {
      const p = points[i], far = this.flat ? 0 : distance(p, q);
      return far < 1e-9 ? [q] : walked(p, times(normalize(project(p, q)), far), 1).slice(1);
    });
    this.curve({points: [points[0], ...joined]}, style);
    const seen = dots ? points.filter((p) => !this.camera.hidden(p, true)).map((p) => this.camera.screen(p)) : [];
    this.layers.vector.push(() => {
      this.context.globalAlpha = style.alpha;
      const stroke = this.bare ? this.paper : "#fff";
      for (const p of seen) this.circle(p, 2.7 * this.unit, {fill: style.color, stroke, width: 0.6 * this.unit});
    });
    const [before, end] = points.slice(-2).map((p) => this.camera.screen(p));
    if (label && end) this.labels.push({...style, text: label, at: end, side: end.map((x, i) => x - before[i])});
  }

  // What the sphere holds of the plane through the origin with that normal: the half behind is fainter.
  disc({normal}, {color, alpha}) {
    const across = normalize(norm(cross(normal, this.camera.direction)) > 1e-9
      ? cross(normal, this.camera.direction) : this.camera.right);
    for (const [side, strength] of [[-1, FADED], [1, 1]]) {
      const toward = times(cross(across, normal), side * Math.sign(this.camera.depth(cross(across, normal)) || 1));
      const half = Array.from({length: 49}, (_, i) => {
        const angle = Math.PI * i / 48;
        return this.camera.screen(plus(times(across, Math.cos(angle)), times(toward, Math.sin(angle))));
      });
      this.layers.plane.push(() => this.polygon(half, {fill: color, alpha: 0.28 * strength * alpha}));
      this.layers.plane.push(() => this.stroke([half], color, this.unit, 0.9 * strength * alpha));
    }
  }

  // A curve off the sphere, as segments.
  path({points}, style) {
    const parts = points.slice(1).map((q, i) => this.camera.splitSegment(points[i], minus(q, points[i])));
    const all = {front: parts.flatMap(({front}) => front), back: parts.flatMap(({back}) => back)};
    this.halves(all, style, "vector");
  }

  // A word or a number, to the side of the vector `aside`; `centred` on its place whatever lies there.
  label({at, text, aside, centred = false}, {color, alpha}) {
    const side = aside ? this.camera.screen(aside) : [0, 0];
    this.labels.push({text, at: this.camera.screen(at), side, color, alpha, centred});
  }

  // A table of numbers as cells `size` = [wide, high], its upper left corner `at`: ink is `most`, orange is below zero.
  cells({values, at: [x, y], size: [w, h], most}) {
    const c = this.context, below = this.styles.g.color, gap = w * this.radius > 12 ? 1 : 0;
    this.layers.surface.push(() => values.forEach((row, i) => row.forEach((value, j) => {
      const [left, top] = this.pixels([x + j * w, y - i * h]);
      const [right, bottom] = this.pixels([x + (j + 1) * w, y - (i + 1) * h]);
      Object.assign(c, {fillStyle: this.soft, globalAlpha: 0.12});
      c.fillRect(left, top, right - left - gap, bottom - top - gap);
      Object.assign(c, {fillStyle: value < 0 ? below : this.ink, globalAlpha: Math.min(1, Math.abs(value) / most)});
      c.fillRect(left, top, right - left - gap, bottom - top - gap);
    })));
  }

  // A loss of two weights, around the origin: its colour depends on the direction alone, so its level lines are rays.
  wheel({radius, colours, rays}) {
    const c = this.context, far = radius * this.radius;
    this.layers.surface.push(() => {
      c.fillStyle = c.createConicGradient(0, ...this.origin);
      colours.forEach((color, i) => c.fillStyle.addColorStop(1 - i / colours.length, color));
      c.fillStyle.addColorStop(0, colours[0]);
      this.circle([0, 0], far, {fill: c.fillStyle});
      this.stroke(rays.map((a) => [[0, 0], [radius * Math.cos(a), radius * Math.sin(a)]]), "#fff", this.unit, 0.8);
    });
  }

  // What lies within a closed curve, less than half of the sphere: what is behind goes to the limb.
  area({points}, {color, alpha}) {
    const corners = points.map((p) => {
      const screen = this.camera.screen(p), rho = Math.hypot(...screen) || 1;
      return this.camera.depth(p) < 0 ? screen.map((x) => x / rho) : screen;
    });
    if (points.every((p) => this.camera.depth(p) < 0)) return;
    this.layers.plane.push(() => this.polygon(corners, {fill: color, alpha: 0.28 * alpha}));
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

  // Every label with a halo, beside its mark.
  place() {
    const c = this.context, size = Math.max(14, Math.min(17, 15 * this.unit));
    const font = (text) => `${/[a-zα-ω]{4}|\d/.test(text) ? "" : "italic "}600 ${size}px system-ui, sans-serif`;
    const labels = this.labels.filter(({text}) => text).map((label) => {
      c.font = font(label.text);
      const [x, y] = label.side;
      const half = [c.measureText(label.text).width / 2, size / 2];
      return {...label, side: [x, -y], at: this.pixels(label.at), half};
    });
    const pixels = (list) => list.map((p) => this.pixels(p));
    this.boxes = placed(labels, pixels(this.points), pixels(this.covered), [this.width, this.height], this.chosen);
    const centres = this.boxes.map(([left, top, right, bottom]) => [(left + right) / 2, (top + bottom) / 2]);
    labels.forEach(({text, color, alpha}, i) => this.layers.label.push(() => {
      const outside = this.bare || !this.flat && Math.hypot(...this.at(...centres[i])) > 1 + 0.3 * size / this.radius;
      c.font = font(text);
      Object.assign(c, {textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 0.24 * size});
      Object.assign(c, {strokeStyle: outside ? this.paper : "#fff", globalAlpha: alpha});
      c.strokeText(text, ...centres[i]);
      c.fillStyle = outside && !this.bare ? this.onPaper(color) : color;
      c.fillText(text, ...centres[i]);
    }));
  }
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
