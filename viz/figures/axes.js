// Turn the coordinates: Adam takes another path, Adam-G the same one.
//
//     m <- b1 tau + (1 - b1) h,   v <- b2 v + (1 - b2) <h, h>,   d = -eta sqrt(1 - b2^t)/(1 - b1^t) m/sqrt(v + eps)
//
// Adam-G: <h, h> is one number, and y walks. Adam: <h, h> has one for each coordinate, and d is added to y.

const STEPS = 20, ETA = 0.1, BETA = [0.9, 0.99];

function figure({loss, start, camera: [azimuth, elevation]}) {
  const f = neuron(loss.numbers), axis = [0, 0, 1]; // the third coordinate stays
  const turned = (p, angle) => plus(plus(times(p, Math.cos(angle)), times(cross(axis, p), Math.sin(angle))),
    times(axis, (1 - Math.cos(angle)) * dot(axis, p)));
  // The directions after every step, in coordinates that are turned by the angle, and turned back.
  const path = (onSphere, y, angle) => {
    const gradient = (w) => turned(f(turned(w, -angle))[1], angle), [b1, b2] = BETA, seen = [y];
    let w = turned(y, angle), tau = [0, 0, 0], v = [0, 0, 0];
    for (let t = 1; t <= STEPS; t++) {
      const h = onSphere ? project(w, gradient(w)) : gradient(w);
      const m = plus(times(tau, b1), times(h, 1 - b1)), squares = h.map((x) => (onSphere ? dot(h, h) : x * x));
      v = v.map((old, i) => b2 * old + (1 - b2) * squares[i]);
      const rate = -ETA * Math.sqrt(1 - b2 ** t) / (1 - b1 ** t);
      const d = m.map((x, i) => rate * x / Math.sqrt(v[i] + TINY));
      [w, tau] = onSphere ? [along(w, d, 1), transport(w, d, m)] : [plus(w, d), m];
      seen.push(turned(normalize(w), -angle));
    }
    return seen;
  };
  const both = ({y, angle}) => [true, false].map((onSphere) => {
    const [before, after] = [0, angle].map((a) => path(onSphere, y, a * Math.PI / 180));
    return {before, after, gap: Math.max(...before.map((p, i) => distance(p, after[i])))};
  });
  return {
    start: {y: start, angle: 40},
    camera: new Camera(azimuth, elevation),
    views: [{x: [-1.34, 1.34]}],
    loss: () => loss,
    handles: (state) => ({y: {at: state.y, move: (y) => ({...state, y})}}),
    controls: [
      {slider: "angle", label: "coordinates turned by", range: [0, 90, 1], text: (x) => `${x}°`},
    ],
    marks(state) {
      const [riemannian, flat] = both(state), axes = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
      return [
        ...axes.map((e, i) => {
          const at = turned(e, -state.angle * Math.PI / 180);
          return {kind: "vector", at, v: times(at, 0.24), role: "plane", width: 2, label: `${i + 1}`};
        }),
        {kind: "trail", points: flat.before, role: "adam", alpha: 0.45},
        {kind: "trail", points: flat.after, role: "adam", label: "Adam"},
        {kind: "trail", points: riemannian.after, role: "adam-g", label: "Adam-G"},
        {kind: "point", at: state.y, role: "y", label: "y", grip: true},
      ];
    },
    sentence(state) {
      const [riemannian, flat] = both(state), end = distance(flat.before[STEPS], flat.after[STEPS]);
      return `The coordinates are turned by ${state.angle}°. In ${STEPS} steps Adam gets up to ${turn(flat.gap)} away `
        + `from the path that it took before (pale), and ends ${turn(end)} away; `
        + `Adam-G's path moves by ${turn(riemannian.gap)}.`
        + (state.angle === 90 ? " (Two axes have changed places.)" : "");
    },
  };
}
