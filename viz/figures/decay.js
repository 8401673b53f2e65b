// Weight decay as a rate: two runs that are one.
//
//     w <- a w - eta g(w),   a = 1 - eta lambda          phi <- phi - eta a^(-2t-1) g(phi)          w = a^t phi

const STEPS = 40, ETA = 0.2;

function figure({numbers, rays, colours, start}) {
  const loss = neuron(numbers), RADIUS = 2.42;
  const runs = ({w, decay, step}) => {
    const a = 1 - ETA * decay, one = [w], other = [w];
    for (let t = 0; t < Math.round(step); t++) {
      const [p, q] = [one[t], other[t]];
      one.push(minus(times(p, a), times(loss(p)[1], ETA)));
      other.push(minus(q, times(loss(q)[1], ETA * a ** (-2 * t - 1))));
    }
    return {one, other, rate: ETA * a ** (-2 * Math.max(0, Math.round(step) - 1) - 1)};
  };
  const put = (state) => ([x, y]) => {
    const far = Math.hypot(x, y) || 1, s = Math.max(0.5, Math.min(1.1, far)) / far;
    return {...state, w: [x * s, y * s, 0]};
  };
  return {
    start: {w: start, decay: 0.1, step: STEPS},
    views: [{flat: true, bare: false, x: [-2.5, 2.5], tall: 29}],
    drag: "the start of <i>w</i> and <i>φ</i>",
    handles: (state) => ({start: {at: state.w, move: put(state)}}),
    controls: [
      {slider: "decay", label: "decay *λ*", range: [0, 0.15, 0.01], text: (x) => number(x, 2)},
      {slider: "step", label: "step", range: [0, STEPS, 1], seconds: 5, text: (x) => `${Math.round(x)}`},
    ],
    marks(state) {
      const {one, other} = runs(state), last = one.length - 1, ends = [one[last], other[last]];
      const moved = norm(minus(...ends)) > 0.12;
      return [
        {kind: "wheel", radius: RADIUS, colours, rays, role: "guide"},
        {kind: "segment", at: [0, 0, 0], v: times(normalize(ends[0]), RADIUS), role: "guide"},
        {kind: "trail", points: other, role: "sgd"},
        {kind: "trail", points: one, role: "decay", width: 1.3},
        {kind: "point", at: ends[1], role: "sgd", label: moved ? "φ" : "", aside: cross(ends[1], [0, 0, 1])},
        {kind: "point", at: ends[0], role: "decay", label: "w", aside: cross([0, 0, 1], ends[0])},
        {kind: "point", at: state.w, role: "y", size: 0.7, grip: true},
      ];
    },
    sentence(state) {
      const {one, other, rate} = runs(state), grown = state.decay > 0 && one.length > 2, [w, phi] = [one, other].map((all) => all[all.length - 1]);
      const gap = distance(normalize(w), normalize(phi));
      return `Step ${one.length - 1}: with decay, at the rate ${ETA}, *w* is ${number(norm(w), 2)} long. Without `
        + `decay, at ${grown ? "a rate that has grown to" : "the rate"} ${number(rate, 2)}, *φ* is ${number(norm(phi), 2)} long. They are ${turn(gap)} `
        + "apart: one network.";
    },
  };
}
