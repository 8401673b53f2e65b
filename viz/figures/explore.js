// Drag y over a loss that Python knows: every place is asked there, one question at a time.
//
//     {ask: y} goes to the page around;   {answer: {y, value, g, walk, last}} or {answer: {y, error}} comes back
//
// A notebook may show the figure twice: each hears the answers to the other, and leaves those it has not asked for.

// The loss at p, of its table: rows from the south pole to the north, columns by azimuth from -pi to pi.
const tabled = ({table}) => ([x, y, z]) => {
  const rows = table.length - 1, wide = table[0].length - 1;
  const i = rows * (1 - Math.acos(Math.max(-1, Math.min(1, z))) / Math.PI);
  const j = wide * (Math.atan2(y, x) / Math.PI + 1) / 2;
  const a = Math.min(rows - 1, Math.floor(i)), b = Math.min(wide - 1, Math.floor(j)), s = i - a, t = j - b;
  return [(1 - s) * ((1 - t) * table[a][b] + t * table[a][b + 1])
    + s * ((1 - t) * table[a + 1][b] + t * table[a + 1][b + 1])];
};

// The pictures here are coloured by a table in place of a neuron.
const surface = Picture.prototype.surface;
Picture.prototype.surface = function (loss) {
  if (!this.lines.has(loss)) this.lines.set(loss, contours(tabled(loss), loss.limits));
  surface.call(this, loss);
};
Picture.prototype.colour = function (loss) {
  const {right, up, direction} = this.camera, value = tabled(loss);
  const world = [0, 1, 2].map((i) => [right[i], up[i], direction[i]]);
  this.paint(loss.limits, (x, y, z) => value(world.map(([a, b, c]) => a * x + b * y + c * z))[0]);
};

function figure({table, limits, scale, start, word, camera: [azimuth, elevation]}) {
  const loss = {table, limits};
  const to = (places) => (x) => number(x, Math.max(0, Math.min(15, places))); // that a small change is seen
  const value = to(3 - Math.floor(Math.log10(limits[1] - limits[0] || 1)));
  const length = to(2 + Math.ceil(Math.log10(scale)));
  let asked = false;
  const ask = (y) => {
    if (!asked) parent.postMessage({ask: y}, "*");
    asked = true;
  };
  addEventListener("message", ({data: {answer}, source}) => {
    if (source !== parent || !answer || !asked) return;
    asked = false;
    set({...state, answer});
    if (norm(minus(state.y, answer.y)) > 1e-9) ask(state.y); // y went on in the meantime
  });
  return {
    start: {y: start.y, answer: start},
    camera: new Camera(azimuth, elevation),
    views: [{x: [-1.3, 1.3]}],
    loss: () => loss,
    handles: (state) => ({y: {at: state.y, move: (y) => { ask(y); return {...state, y}; }}}),
    controls: [],
    marks({y, answer}) {
      if (answer.error) return [{kind: "point", at: y, role: "y", label: "y", grip: true}];
      const {y: at, walk} = answer, g = times(answer.g, scale), h = project(at, g);
      const e = normalize(norm(h) > 0 ? h : project(at, [0.1, 0.2, 0.3]));
      return [
        {kind: "plane", at, e, half: 0.6, role: "plane"},
        {kind: "trail", points: walk, role: "sgd-g"},
        {kind: "segment", at: minus(at, g), v: minus(g, h), role: "guide"},
        {kind: "vector", at, v: times(g, -1), role: "g", label: "−g"},
        {kind: "vector", at, v: times(h, -1), role: "h", label: "−h"},
        {kind: "point", at: y, role: "y", label: "y", aside: h, grip: true},
      ];
    },
    sentence({answer}) {
      const plain = (text) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
      if (answer.error) return `Python says: ${plain(answer.error).replaceAll("*", "&#42;")}`;
      const {y, g, walk, last} = answer, drawn = scale === 1 ? "" : ` (drawn ${scale} times as long)`;
      return `The loss at *y* is ${value(answer.value)}. *g* is ${length(norm(g))} long, its shadow *h* `
        + `${length(norm(project(y, g)))}${drawn}. After ${walk.length - 1} steps the loss is ${value(last)}.`
        + (word ? ` ${word}` : "");
    },
  };
}
