// Turn the coordinates: Adam takes another path, Adam-G the same one.
//
//     m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2,   w <- w - eta sqrt(1 - b2^t)/(1 - b1^t) m/sqrt(v + eps)
//
// That is Adam: each coordinate has its own square. Adam-G, optimizer.js's, has one |h|^2 for all, and y walks.

const STEPS = 20, ETA = 0.1, BETA1 = 0.9;

function adamStep(loss, {y: w, tau, v, steps}) {
  const g = loss(w)[1], t = steps + 1, rate = -ETA * Math.sqrt(1 - BETA2 ** t) / (1 - BETA1 ** t);
  const m = plus(times(tau, BETA1), times(g, 1 - BETA1));
  const next = v.map((old, i) => BETA2 * old + (1 - BETA2) * g[i] ** 2);
  return {y: plus(w, m.map((x, i) => rate * x / Math.sqrt(next[i] + TINY))), tau: m, v: next, steps: t};
}

const adamGStep = (loss, state) =>
  take(state, plan(loss, state, {rule: "adam-g", eta: ETA, gamma: BETA1, nu: Infinity}));

function figure({loss, start, camera: [azimuth, elevation]}) {
  const f = neuron(loss.numbers), axis = [0, 0, 1]; // the third coordinate stays
  const turned = (p, angle) => plus(plus(times(p, Math.cos(angle)), times(cross(axis, p), Math.sin(angle))),
    times(axis, (1 - Math.cos(angle)) * dot(axis, p)));
  // The directions after every step, in coordinates that are turned by the angle, and turned back.
  const path = (step, v, y, angle) => {
    const loss = (w) => { const [value, g] = f(turned(w, -angle)); return [value, turned(g, angle)]; }, seen = [y];
    let state = {y: turned(y, angle), tau: [0, 0, 0], v, steps: 0};
    while (seen.length <= STEPS) {
      state = step(loss, state);
      seen.push(turned(normalize(state.y), -angle));
    }
    return seen;
  };
  const both = ({y, angle}) => [[adamGStep, 0], [adamStep, [0, 0, 0]]].map(([step, v]) => {
    const [before, after] = [0, angle].map((a) => path(step, v, y, a * Math.PI / 180));
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
