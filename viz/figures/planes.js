// Turn one plane against another: two planes of space share a line, and one angle is left.
//
//     Y'X = U cos(theta) V',   distance = |theta|;   in space theta is (0, angle of the normals, at most a right one)

function figure({normals: [n, m], camera: [azimuth, elevation]}) {
  // The line that both keep, the vectors across it, one in each plane, and the angle between these.
  const angles = ({n, m}) => {
    const line = normalize(norm(cross(n, m)) > 1e-9 ? cross(n, m) : project(n, [0.3, 0.5, 0.8]));
    const u = cross(n, line), v = cross(m, line), near = dot(u, v) < 0 ? times(v, -1) : v;
    return {line, u, v: near, angle: distance(u, near)};
  };
  return {
    start: {n, m, s: 0.5},
    camera: new Camera(azimuth, elevation),
    views: [{x: [-1.22, 1.22]}],
    drag: "the normals <i>n</i>, <i>m</i>",
    handles: (state) => ({
      n: {at: state.n, move: (n) => ({...state, n})},
      m: {at: state.m, move: (m) => ({...state, m})},
    }),
    controls: [
      {slider: "s", label: "from *Y* to *X*", range: [0, 1, 0.01], seconds: 3, text: (s) => `${Math.round(100 * s)} %`},
    ],
    marks(state) {
      const {line, u, v, angle} = angles(state), way = times(normalize(project(u, v)), angle);
      const middle = along(u, way, state.s), list = [
        {kind: "disc", normal: state.n, role: "h"},
        {kind: "disc", normal: state.m, role: "frame"},
        {kind: "segment", at: times(line, -1), v: times(line, 2), role: "guide"},
        {kind: "vector", at: [0, 0, 0], v: u, role: "h", label: "Y"},
        {kind: "vector", at: [0, 0, 0], v, role: "frame", label: "X"},
        {kind: "point", at: state.n, role: "h", label: "n", grip: true, size: 0.8},
        {kind: "point", at: state.m, role: "frame", label: "m", grip: true, size: 0.8},
      ];
      if (angle > 1e-6) {
        list.push({kind: "disc", normal: cross(line, middle), role: "d", alpha: 0.7});
        list.push({kind: "curve", points: walked(u, way, 1), role: "arc"});
        list.push({kind: "point", at: middle, role: "arc", size: 0.7});
        list.push({kind: "label", at: along(u, way, 0.5), text: turn(angle), role: "y", aside: along(u, way, 0.5)});
      }
      return list;
    },
    sentence(state) {
      const {angle} = angles(state), normal = distance(state.n, state.m);
      return `The principal angles are 0°, along the line that both planes hold, and ${turn(angle)}: the planes are `
        + `${number(angle, 2)} rad apart. `
        + (normal > Math.PI / 2 ? `Their normals are at ${turn(normal)}, but a plane has no side.`
          : `The pink plane is ${turn(state.s * angle)} on the way.`);
    },
  };
}
