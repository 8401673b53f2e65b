// Drag the end of a step that need not be tangent: how far does it turn W, put back or walked?
//
//     Hyperball:  tan(theta) = eta sin a/(1 - eta cos a),   theta <= arcsin(eta)
//     SGD-G:      exp along the tangent part,   theta = eta sin a

const LONGEST = 0.7; // eta that can be dragged to

function figure({start}) {
  const on = (angle, radius = 1) => [radius * Math.sin(angle), radius * Math.cos(angle), 0]; // clockwise from W
  const arc = (from, to) => Array.from({length: 97}, (_, i) => on(from + (to - from) * i / 96));
  const step = ({eta, a}) => {
    const angle = a * Math.PI / 180, tip = [eta * Math.sin(angle), 1 - eta * Math.cos(angle), 0];
    return {tip, put: Math.atan2(tip[0], tip[1]), walked: tip[0]};
  };
  const move = ([x, y]) => {
    const right = Math.max(0, x), eta = Math.max(0.05, Math.min(LONGEST, Math.hypot(right, 1 - y)));
    return {eta, a: degrees(Math.atan2(right, 1 - y))};
  };
  return {
    start,
    views: [{flat: true, x: [-0.95, 1.45], y: [-0.15, 1.8], wide: 1.5}],
    drag: "the end of the step −<i>ηU</i>",
    handles: (state) => ({u: {at: step(state).tip, move}}),
    controls: [
      {slider: "eta", label: "*η*", range: [0.05, LONGEST, 0.05], text: (x) => number(x, 2)},
      {slider: "a", label: "angle *a*", range: [0, 180, 1], text: (x) => `${number(x, 0)}°`},
    ],
    marks(state) {
      const W = [0, 1, 0], {tip, put, walked} = step(state), most = Math.asin(state.eta);
      const circle = arc(0, 2 * Math.PI);
      return [
        {kind: "area", points: circle, role: "plane", alpha: 0.5},
        {kind: "curve", points: circle, role: "guide"},
        {kind: "curve", points: circle.map((p) => plus(W, times(p, state.eta))), role: "guide"},
        {kind: "segment", at: [0, 0, 0], v: on(most, Math.cos(most)), role: "guide", alpha: 0.5},
        {kind: "segment", at: [0, 0, 0], v: on(put, Math.max(1, norm(tip))), role: "guide"},
        {kind: "segment", at: W, v: [tip[0], 0, 0], role: "guide"},
        {kind: "curve", points: arc(0, walked), role: "arc", width: 1.2},
        {kind: "vector", at: [0, 0, 0], v: W, role: "y"},
        {kind: "vector", at: W, v: minus(tip, W), role: "d"},
        {kind: "point", at: W, role: "y", label: "W", aside: [-1, 0.6, 0]},
        {kind: "point", at: on(put), role: "h", label: "Hyperball", aside: on(put + Math.PI)},
        {kind: "point", at: on(walked), role: "arc", label: "SGD-G walks", aside: on(walked + 0.5)},
        {kind: "point", at: tip, role: "d", label: "−ηU", aside: minus(tip, W), grip: true},
      ];
    },
    sentence(state) {
      const {tip, put, walked} = step(state), two = (x) => number(x, 2);
      return `*η* = ${two(state.eta)}, *a* = ${number(state.a, 0)}°: *W* − *ηU* is ${two(norm(tip))} long. Hyperball `
        + `puts it back and has turned *W* by ${turn(put)}, at most ${turn(Math.asin(state.eta))}. SGD-G walks the `
        + `tangent part, ${two(walked)} long, and turns *W* by ${turn(walked)}.`;
    },
  };
}
