// Drag the lengths of weight vectors: which of them does a normalization forget?
//
//     L(a, b) = <|N(a w1'x, b w2'x, b w3'x) - N(teacher's)|^2>/2,   an arrow is -(dL/da, dL/db)

const LEAST = 0.4, MOST = 3.6, GRID = [0.5, 1, 1.5, 2, 2.5, 3, 3.5];
const LONG = 0.8; // of the arrow at the lengths, by the slope
const FLAT = 1e-6; // a slope that is rounding

// A normalization takes the outputs of three neurons, a list of numbers each, and the lengths of their weight vectors.
const bySample = (f) => (z) => {
  const samples = z[0].map((_, i) => f(z.map((neuron) => neuron[i])));
  return z.map((_, j) => samples.map((sample) => sample[j]));
};
const rms = (sample) => times(normalize(sample), Math.sqrt(3));
const NORMS = {
  none: (z) => z,
  weight: (z, lengths) => z.map((neuron, j) => neuron.map((x) => x / lengths[j])),
  batch: (z) => z.map((neuron) => {
    const mean = (f) => neuron.reduce((sum, x) => sum + f(x), 0) / neuron.length, mu = mean((x) => x);
    const sigma = Math.sqrt(mean((x) => (x - mu) ** 2));
    return neuron.map((x) => (x - mu) / sigma);
  }),
  layer: bySample((sample) => rms(project(normalize([1, 1, 1]), sample))),
  rms: bySample(rms),
};
const NAMES = {none: "none", weight: "weight norm", batch: "batch norm", layer: "layer norm", rms: "RMS norm"};

function figure({student, teacher, start}) {
  const outputs = (norm, z, lengths) => NORMS[norm](z.map((neuron, j) => neuron.map((x) => lengths[j] * x)), lengths);
  const loss = (norm, [a, b]) => {
    const out = outputs(norm, student, [a, b, b]), wanted = outputs(norm, teacher, [2, 2, 2]);
    const squares = out.flatMap((neuron, j) => neuron.map((x, i) => (x - wanted[j][i]) ** 2));
    return squares.reduce((sum, x) => sum + x) / student[0].length / 2;
  };
  const downhill = (norm, [a, b], t = 1e-4) => {
    const slope = (to, from) => (loss(norm, from) - loss(norm, to)) / (2 * t);
    return [slope([a + t, b], [a - t, b]), slope([a, b + t], [a, b - t]), 0];
  };
  // Ways downhill from a grid of places, zero where both lengths are forgotten: found once for a normalization.
  const fields = new Map();
  const field = (name) => {
    if (!fields.has(name)) fields.set(name, GRID.flatMap((a) => GRID.map((b) => {
      const v = downhill(name, [a, b]);
      return {at: [a, b, 0], way: norm(v) < FLAT ? [0, 0, 0] : normalize(v)};
    })));
    return fields.get(name);
  };
  const put = (state) => ([a, b]) => ({...state, lengths: [a, b].map((x) => Math.max(LEAST, Math.min(MOST, x)))});
  return {
    start: {lengths: start, norm: "layer"},
    views: [{flat: true, x: [-0.75, 4.1], y: [-0.75, 4.1]}],
    drag: "the lengths",
    unit: 0.1,
    handles: (state) => ({w: {at: [...state.lengths, 0], move: put(state)}}),
    controls: [{choice: "norm", label: "", options: NAMES}],
    marks({lengths, norm: name}) {
      const p = [...lengths, 0], word = (at, text) => ({kind: "label", at, text, role: "y", centred: true});
      return [
        {kind: "path", points: [[0, 3.75, 0], [0, 0, 0], [3.75, 0, 0]], role: "arc", width: 0.4},
        ...[1, 2, 3].flatMap((k) => [word([k, -0.25, 0], `${k}`), word([-0.25, k, 0], `${k}`)]),
        word([2, -0.58, 0], "length of column 1"), word([0.75, 3.95, 0], "of the others"),
        {kind: "segment", at: [0, 0, 0], v: times(p, MOST / Math.max(...lengths)), role: "guide"},
        ...field(name).map(({at, way}) => (norm(way) === 0 ? {kind: "point", at, role: "h", size: 0.35}
          : {kind: "vector", at: minus(at, times(way, 0.15)), v: times(way, 0.3), role: "h", width: 0.6})),
        {kind: "vector", at: p, v: times(downhill(name, lengths), LONG), role: "g"},
        {kind: "point", at: p, role: "y", grip: true},
      ];
    },
    sentence({lengths: [a, b], norm}) {
      const now = loss(norm, [a, b]), column = loss(norm, [2 * a, b]), matrix = loss(norm, [2 * a, 2 * b]);
      const told = (x) => `${number(x)}${Math.abs(x - now) < 1e-9 ? ", the same" : ""}`;
      return `Column 1 is ${number(a, 2)} long, the others ${number(b, 2)}: the loss is ${number(now)}. With column 1 `
        + `twice as long it is ${told(column)}; with all columns twice as long it is ${told(matrix)}.`;
    },
  };
}
