// Drag w: the step shrinks, the loss does not move.
//
//     w+ = w - eta g,   g(w) = g(w/|w|)/|w|,   tan(turn) = eta |g|/|w|

const INNER = 0.6, OUTER = 2.15; // lengths that w can be dragged to

function figure({numbers, offset, limits, rays, colours, start}) {
  const loss = neuron(numbers), circle = (radius, from, to) => Array.from({length: 73}, (_, i) => {
    const a = from + (to - from) * i / 72;
    return [radius * Math.cos(a), radius * Math.sin(a), 0];
  });
  const step = ({w, eta}) => {
    const [value, g] = loss(w), d = times(g, -eta);
    return {value: value + offset, g, d, after: plus(w, d), turn: Math.atan2(norm(d), norm(w))};
  };
  const put = (state) => ([x, y]) => {
    const far = Math.hypot(x, y) || 1, s = Math.max(INNER, Math.min(OUTER, far)) / far;
    return {...state, w: [x * s, y * s, 0]};
  };
  return {
    start: {w: start, eta: 0.8},
    views: [{flat: true, bare: false, x: [-2.5, 2.5], tall: 29}],
    handles: (state) => ({w: {at: state.w, move: put(state)}}),
    controls: [{slider: "eta", label: "learning rate *η*", range: [0.1, 1, 0.1], text: (x) => number(x, 1)}],
    marks({w, eta}) {
      const {d, after} = step({w, eta}), [from, to] = [w, after].map(([x, y]) => Math.atan2(y, x));
      const swing = to - from - 2 * Math.PI * Math.round((to - from) / (2 * Math.PI));
      return [
        {kind: "wheel", radius: 2.42, colours, rays, role: "guide"},
        {kind: "segment", at: [0, 0, 0], v: times(normalize(w), 2.42), role: "guide"},
        {kind: "curve", points: circle(1, 0, 2 * Math.PI), role: "guide"},
        {kind: "curve", points: circle(1, from, from + swing), role: "d", width: 1.4},
        {kind: "vector", at: [0, 0, 0], v: after, role: "h", label: "w − ηg"},
        {kind: "vector", at: w, v: d, role: "g", label: "−ηg"},
        {kind: "vector", at: [0, 0, 0], v: w, role: "y"},
        {kind: "point", at: w, role: "y", label: "w", aside: times(d, -1), grip: true},
      ];
    },
    sentence(state) {
      const {value, d, after, turn: angle} = step(state);
      return `|*w*| = ${number(norm(state.w), 2)}: the step *ηg* is ${number(norm(d), 2)} long, turns *w* by `
        + `${turn(angle)} and leaves it ${number(norm(after), 2)} long. `
        + `The loss at *w* is ${number(value)}, as on all of its ray.`;
    },
  };
}
