// Drag the numbers of a batch and the gradient that arrives: what batch normalization hands back is off a line.
//
//     dz = r (dy - <dy> - y <y dy>),   y = r (z - <z>),   r = 1/sqrt(<(z - <z>)^2>)
//
// <dy> + y <y dy> is the line through the points (y, dy) that fits best, by least squares.

const WIDE = 2, HIGH = 1.8, LEAST = 0.5; // z, unstretched, and dy that can be dragged to; the least deviation of z
const RULER = -2.25; // where the scale of y lies

function figure({z, dy}) {
  const mean = (all) => all.reduce((sum, x) => sum + x, 0) / all.length;
  const deviation = (all) => Math.sqrt(mean(all.map((x) => (x - mean(all)) ** 2)));
  const pulled = ({z, dy, stretch}) => {
    const mu = stretch * mean(z), r = 1 / (stretch * deviation(z)), y = z.map((x) => r * (stretch * x - mu));
    const level = mean(dy), slope = mean(y.map((x, i) => x * dy[i])), line = y.map((x) => level + slope * x);
    const left = dy.map((x, i) => x - line[i]);
    return {mu, r, y, level, slope, line, left, dz: left.map((x) => r * x)};
  };
  const put = (state, i) => ([x, up]) => {
    const clamp = (v, most) => Math.max(-most, Math.min(most, v));
    const moved = (all, v) => all.map((x, j) => (j === i ? v : x));
    const z = moved(state.z, clamp(x / state.stretch, WIDE)), dy = moved(state.dy, clamp(up, HIGH));
    return {...state, dy, z: deviation(z) < LEAST ? state.z : z};
  };
  return {
    start: {z, dy, stretch: 1},
    views: [{flat: true, x: [-3.4, 3.4], y: [RULER - 0.6, HIGH + 0.45], wide: 1.45}],
    drag: "a point: across goes its <i>z</i>, up its <i>dy</i>",
    unit: 0.05,
    handles: (state) => Object.fromEntries(state.z.map((x, i) =>
      [`${i + 1}`, {at: [state.stretch * x, state.dy[i], 0], move: put(state, i)}])),
    controls: [
      {press: (state) => ({...state, dy: state.z.map(() => 1)}), label: "*dy* = 1"},
      {press: (state) => ({...state, dy: pulled(state).y}), label: "*dy* = *y*"},
      {slider: "stretch", label: "stretch *z*", range: [0.5, 1.5, 0.05], text: (x) => number(x, 2)},
    ],
    marks(state) {
      const {mu, r, y, level, slope, line, left} = pulled(state), across = (y) => mu + y / r;
      const ends = [Math.min(...y) - 0.25, Math.max(...y) + 0.25].map((y) => [across(y), level + slope * y, 0]);
      const word = (x, y, text) => ({kind: "label", at: [x, y, 0], text, role: "y", centred: true});
      return [
        {kind: "segment", at: [-3.2, 0, 0], v: [6.4, 0, 0], role: "guide"},
        {kind: "segment", at: [-3.2, -HIGH, 0], v: [0, 2 * HIGH, 0], role: "guide"},
        word(-2.85, HIGH, "dy"), word(3.1, -0.35, "z"),
        {kind: "segment", at: [across(-1), RULER, 0], v: [2 / r, 0, 0], role: "arc", width: 0.5},
        ...[-1, 0, 1].flatMap((y) => [
          {kind: "segment", at: [across(y), RULER - 0.08, 0], v: [0, 0.16, 0], role: "arc", width: 0.5},
          word(across(y), RULER - 0.35, y ? number(y, 0) : "y = 0"),
        ]),
        {kind: "path", points: ends, role: "arc"},
        ...y.flatMap((_, i) => {
          const [x, up] = [state.stretch * state.z[i], state.dy[i]], aside = [0, left[i] < 0 ? -1 : 1, 0];
          return [
            {kind: "segment", at: [x, 0, 0], v: [0, up, 0], role: "g"},
            {kind: "segment", at: [x, line[i], 0], v: [0, left[i], 0], role: "h", width: 1.8},
            {kind: "point", at: [x, up, 0], role: "g", label: `${i + 1}`, aside, grip: true},
          ];
        }),
      ];
    },
    sentence(state) {
      const {r, level, slope, dz} = pulled(state), two = (x) => number(x, 2);
      const sum = (all) => two(all.reduce((a, b) => a + b)), along = dz.map((x, i) => x * state.stretch * state.z[i]);
      return `The line ${two(level)} ${slope < 0 ? "−" : "+"} ${two(Math.abs(slope))} *y* is taken away. `
        + (dz.every((x) => Math.abs(x) < 5e-3) ? "Nothing is left: *dz* = 0."
          : `What is left, in blue, times *r* = ${two(r)} is *dz* = ${dz.map(two).join(", ")}. `
            + `Its sum is ${sum(dz)}, and *z*′*dz* is ${sum(along)}.`);
    },
  };
}
