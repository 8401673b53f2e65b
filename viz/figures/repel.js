// Let columns repel: three find right angles, more find a balance.
//
//     L = alpha/2 |W'W - I|^2,   dL/dW = 2 alpha W (W'W - I),   |W'W - I|^2 >= p^2/3 - p where p > 3

const STEPS = 80, RATE = 0.02, KEPT = 0.5; // eta and gamma of SGD-G, which sees this term alone

function figure({columns, camera: [azimuth, elevation]}) {
  const gradient = (W, alpha) => W.map((w, i) => W.reduce((sum, v, j) =>
    j === i ? sum : plus(sum, times(v, 2 * alpha * dot(v, w))), [0, 0, 0]));
  // What every column passes, up to the step asked for.
  const walk = ({columns, p, alpha, step}) => {
    let W = columns.slice(0, p), taus = W.map(() => [0, 0, 0]);
    const seen = [W];
    for (let k = 0; k < Math.round(step); k++) {
      const G = gradient(W, alpha);
      const D = W.map((w, i) => project(w, minus(times(taus[i], KEPT), times(project(w, G[i]), RATE))));
      [W, taus] = [W.map((w, i) => along(w, D[i], 1)), W.map((w, i) => transport(w, D[i], D[i]))];
      seen.push(W);
    }
    return seen;
  };
  const term = (W) => W.reduce((sum, v, i) => sum + W.reduce((s, w, j) => s + (i === j ? 0 : dot(v, w) ** 2), 0), 0);
  // The two that are nearest to each other as lines: [angle, one, the nearer end of the other].
  const nearest = (W) => W.flatMap((v, i) => W.slice(0, i).map((w) => {
    const end = dot(v, w) < 0 ? times(w, -1) : w;
    return [distance(v, end), v, end];
  })).reduce((a, b) => (b[0] < a[0] ? b : a));
  const put = (state, i) => (p) => {
    const W = walk(state).pop();
    return {...state, step: 0, columns: state.columns.map((w, j) => (j === i ? p : W[j] ?? w))};
  };
  return {
    start: {columns, p: 3, alpha: 1, step: 40},
    camera: new Camera(azimuth, elevation),
    views: [{x: [-1.14, 1.14]}],
    drag: "a column",
    handles: (state) => Object.fromEntries(walk(state).pop().map((at, i) => [`${i + 1}`, {at, move: put(state, i)}])),
    controls: [
      {slider: "p", label: "columns *p*", range: [2, 8, 1]},
      {slider: "alpha", label: "*α*", range: [0.1, 2, 0.1], text: (x) => number(x, 1)},
      {slider: "step", label: "step", range: [0, STEPS, 1], seconds: 5, text: (x) => `${Math.round(x)}`},
    ],
    marks(state) {
      const seen = walk(state), W = seen[seen.length - 1], [angle, v, end] = nearest(W);
      return [
        {kind: "curve", points: walked(v, times(normalize(project(v, end)), angle), 1), role: "guide"},
        ...W.map((w, i) => ({kind: "trail", points: seen.map((all) => all[i]), role: "h", alpha: 0.6, dots: false})),
        ...W.map((w, i) => ({kind: "point", at: w, role: "y", label: `${i + 1}`, grip: true, size: 0.8})),
      ];
    },
    sentence(state) {
      const seen = walk(state), W = seen[seen.length - 1], {p} = state, least = Math.max(0, p * p / 3 - p);
      const [now, first] = [W, seen[0]].map((all) => number(term(all), 2));
      return `${p} columns after ${seen.length - 1} steps: |*W*′*W* − *I*|² is ${now}, at first ${first}; `
        + (p > 3 ? `for ${p} in space it cannot be less than ${number(least, 2)}. `
          : "0 is a right angle between any two. ")
        + `The two nearest lines are ${turn(nearest(W)[0])} apart.`;
    },
  };
}
