// Drag y over the loss: g, and its shadow h on the tangent plane.
//
//     h = g - (y'g) y;   the loss changes at the rate h'v when y moves with the velocity v

function figure({losses, start, camera: [azimuth, elevation]}) {
  const functions = {linear: neuron(losses.linear.numbers), neuron: neuron(losses.neuron.numbers)};
  const at = ({y, loss, decay}) => {
    const [value, gradient] = functions[loss](y), g = plus(gradient, times(y, decay)), h = project(y, g);
    return {value, g, h, lost: dot(y, g)};
  };
  return {
    start: {y: start, loss: "linear", decay: 0},
    camera: new Camera(azimuth, elevation),
    views: [{x: [-1.3, 1.3]}],
    loss: (state) => losses[state.loss],
    handles: (state) => ({y: {at: state.y, move: (y) => ({...state, y})}}),
    controls: [
      {choice: "loss", label: "loss", options: {linear: "1 − *c*′*y*", neuron: "one normalized neuron"}},
      {slider: "decay", label: "decay *λ*", range: [0, 1, 0.05], text: (x) => number(x, 2)},
    ],
    marks(state) {
      const {y} = state, {g, h} = at(state), e = normalize(norm(h) > 0 ? h : project(y, [0.1, 0.2, 0.3]));
      const label = state.decay > 0 ? "−g − λy" : "−g";
      return [
        {kind: "plane", at: y, e, half: 0.6, role: "plane"},
        {kind: "segment", at: minus(y, g), v: minus(g, h), role: "guide"},
        {kind: "vector", at: y, v: times(g, -1), role: "g", label},
        {kind: "vector", at: y, v: times(h, -1), role: "h", label: "−h"},
        {kind: "point", at: y, role: "y", label: "y", aside: h, grip: true},
      ];
    },
    sentence(state) {
      const {value, g, h, lost} = at(state), lean = degrees(Math.atan2(Math.abs(lost), norm(h)));
      const name = state.decay > 0 ? "*g* + *λy*" : "*g*", long = number(norm(g), 2);
      const most = norm(h) < 5e-3 ? "is 0: no way to turn *y* lowers the loss."
        : `is ${number(norm(h), 2)} long: by so much per radian the loss falls at most.`;
      const leans = lean < 0.05 ? "tangent, so that projection takes nothing away; *h*"
        : `leans ${number(lean, 1)}° out of the tangent plane; its shadow *h*`;
      return `The loss at *y* is ${number(value)}. ${name} is ${long} long and ${leans} ${most}`;
    },
  };
}
