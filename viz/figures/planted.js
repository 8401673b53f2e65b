// A bug in the transport, chosen: what should have come, what came, and which of three identities tell.
//
//     y'v = 0  stays  x'v = 0,     |v| stays,     <v, u> stays where u is the walk's direction, carried the same way

const EPS = 2 ** -52;

const BUGS = {
  right: transport,
  projected: (y, h, v) => project(exp(y, h), v),
  stretched: (y, h, v) => times(normalize(project(exp(y, h), v)), norm(v)),
  flipped(y, h, v) { // one sign of the formula
    const theta = norm(h), u = normalize(h);
    return minus(v, times(plus(times(y, -Math.sin(theta)), times(u, 1 - Math.cos(theta))), dot(u, v)));
  },
  unchanged: (y, h, v) => v,
};
const NAMES = {
  right: "right", projected: "projected", stretched: "stretched", flipped: "a sign flipped", unchanged: "unchanged",
};
const LONG = 0.6; // v is drawn that long

function figure({start, camera: [azimuth, elevation]}) {
  const carried = ({y, x, phi, bug}) => {
    const u = normalize(project(y, x)), h = times(u, distance(y, x)), a = phi * Math.PI / 180;
    const v = plus(times(u, Math.cos(a)), times(cross(y, u), Math.sin(a)));
    const [want, got, along] = [transport(y, h, v), BUGS[bug](y, h, v), BUGS[bug](y, h, u)];
    const off = {tangent: dot(x, got), length: norm(got) - norm(v), "inner product": dot(got, along) - dot(v, u)};
    return {h, v, want, got, off};
  };
  // With one digit, as the lesson prints it.
  const eps = (x) => {
    const [digit, power] = Math.abs(x / EPS).toExponential(0).split("e+").map(Number);
    return Math.abs(x) < 10 * EPS ? `${number(Math.abs(x) / EPS, 0)} eps`
      : `${digit}·10${[...String(power)].map((n) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[n]).join("")} eps`;
  };
  return {
    start,
    camera: new Camera(azimuth, elevation),
    views: [{x: [-1.25, 1.25]}],
    handles: (state) => ({
      x: {at: state.x, move: (x) => ({...state, x: distance(x, state.y) > 0.05 ? x : state.x})},
      y: {at: state.y, move: (y) => ({...state, y: distance(y, state.x) > 0.05 ? y : state.y})},
    }),
    controls: [
      {choice: "bug", label: "transport", options: NAMES},
      {slider: "phi", label: "angle of *v* with the walk", range: [0, 180, 5], text: (x) => `${x}°`},
    ],
    marks(state) {
      const {y, x} = state, {h, v, want, got} = carried(state), e = normalize(transport(y, h, h));
      const came = norm(minus(want, got)) > 0.1 ? "came" : "";
      return [
        {kind: "plane", at: x, e, half: 0.5, role: "plane"},
        {kind: "curve", points: walked(y, h, 1), role: "arc"},
        {kind: "vector", at: y, v: times(v, LONG), role: "h", label: "v"},
        {kind: "vector", at: x, v: times(want, LONG), role: "frame", label: "should come"},
        {kind: "vector", at: x, v: times(got, LONG), role: "g", label: came},
        {kind: "point", at: y, role: "y", label: "y", aside: times(h, -1), grip: true},
        {kind: "point", at: x, role: "y", label: "x", aside: minus(times(e, 0.3), want), grip: true},
      ];
    },
    sentence(state) {
      const {h, want, got, off} = carried(state), apart = Math.atan2(norm(cross(want, got)), dot(want, got));
      const told = Object.entries(off).map(([name, x]) => `${name} ${eps(x)}`).join(", ");
      return `Carried along ${turn(norm(h))}, *v* comes ${number(norm(got), 2)} long and ${turn(apart)} beside what should `
        + `have come. Off by: ${told}.`;
    },
  };
}
