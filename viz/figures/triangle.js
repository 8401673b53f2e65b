// Drag a corner: a frame carried around a triangle comes back turned by its area; projected, it shrinks.
//
//     pt_y(v; d) = v - (u'v)(sin|d| y + (1 - cos|d|) u)   (8);   P_x v = v - (x'v) x   (6)
//     tan(area/2) = a'(b x c)/(1 + a'b + b'c + c'a)       the area is positive if a, b, c go round counterclockwise

const LONG = 0.5, LEAST = 0.25; // the vectors as they are drawn; how near a corner may come to another, in radians

function figure({corners: [a, b, c], eighth: [first, second, third], camera: [azimuth, elevation]}) {
  const log = (y, x) => times(normalize(project(y, x)), distance(y, x));
  const carry = {0: transport, 1: (y, d, v) => project(exp(y, d), v)};
  const area = ({a, b, c}) => 2 * Math.atan2(dot(a, cross(b, c)), 1 + dot(a, b) + dot(b, c) + dot(c, a));
  const ahead = ({a, b}) => normalize(log(a, b));
  // Where the walk of `s` sides has come to, and what is left there of v, a vector at corner a.
  const walk = (state, v, way) => {
    const {a, b, c, s} = state, path = [a];
    let here = a;
    [[a, b], [b, c], [c, a]].forEach(([p, q], i) => {
      const part = Math.min(1, Math.max(0, s - i)), d = log(p, q);
      if (part === 0) return;
      path.push(...walked(p, d, part).slice(1));
      v = carry[way](p, times(d, part), v);
      here = along(p, d, part);
    });
    return {here, v, path};
  };
  const start = (state) => {
    const u = ahead(state), v = times(normalize(plus(u, cross(state.a, u))), LONG);
    return [v, times(cross(state.a, v), -1)];
  };
  const move = (state, name) => (p) => {
    const others = ["a", "b", "c"].filter((one) => one !== name).map((one) => state[one]);
    const near = others.some((q) => Math.min(distance(p, q), distance(p, times(q, -1))) < LEAST);
    return near ? state : {...state, [name]: p};
  };
  return {
    start: {a, b, c, s: 3},
    camera: new Camera(azimuth, elevation),
    views: [{title: "carried", x: [-1.1, 1.1], y: [-1.1, 1.1]}, {title: "projected", x: [-1.1, 1.1], y: [-1.1, 1.1]}],
    handles: (state) => Object.fromEntries(["a", "b", "c"].map((k) => [k, {at: state[k], move: move(state, k)}])),
    controls: [
      {slider: "s", label: "way around", range: [0, 3, 0.02], seconds: 6, text: (s) => `${Math.round(s / 3 * 100)} %`},
      {press: (state) => ({...state, a: first, b: second, c: third}), label: "an eighth of the sphere"},
    ],
    marks(state, way) {
      const {a, b, c, s} = state, [v, w] = start(state), {here, v: now, path} = walk(state, v, way), list = [];
      const middle = plus(a, plus(b, c)), edge = [[a, b], [b, c], [c, a]].flatMap(([p, q]) => walked(p, log(p, q), 1));
      const left = norm(now) / LONG, percent = `${Math.round(100 * left)} %`, angle = area(state);
      list.push({kind: "area", points: edge, role: "plane", alpha: 1.6}, {kind: "curve", points: edge, role: "guide"});
      list.push({kind: "curve", points: path, role: "arc", width: 0.9});
      if (s === 3 && way === 0) { // from where v was to where it is
        const turned = (t) => plus(times(v, Math.cos(t)), times(cross(a, v), Math.sin(t)));
        const points = Array.from({length: 49}, (_, i) => plus(a, times(turned(angle * i / 48), 0.7)));
        list.push({kind: "vector", at: a, v, role: "guide"}, {kind: "path", points, role: "d", width: 0.5});
        const half = turned(angle / 2), text = turn(Math.abs(angle));
        list.push({kind: "label", at: plus(a, times(half, 0.7)), text, role: "d", aside: half});
      }
      list.push({kind: "vector", at: here, v: walk(state, w, way).v, role: "frame"});
      list.push({kind: "vector", at: here, v: now, role: "d", label: way || s < 3 ? percent : ""});
      for (const [name, p] of Object.entries({a, b, c})) {
        const aside = minus(p, times(middle, 0.4));
        list.push({kind: "point", at: p, role: "y", label: name, aside, grip: true, size: 0.8});
      }
      if (s > 0 && s < 3) list.push({kind: "point", at: here, role: "arc", size: 0.7});
      return list;
    },
    sentence(state) {
      const size = Math.abs(area(state)), sense = area(state) > 0 ? "counterclockwise" : "clockwise";
      const left = Math.round(100 * norm(walk(state, start(state)[0], 1).v) / LONG), here = state.s < 3 ? " here" : "";
      return `The three angles add up to ${turn(Math.PI + size)}, which is ${turn(size)} too many: the area. Carried `
        + `around, the frame comes back turned by ${turn(size)} ${sense}; projected, ${left}\u00a0% of its pink arrow `
        + `is left${here}.`;
    },
  };
}
