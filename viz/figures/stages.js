// One step of SGD-G in seven stages, Algorithm 1 of Cho and Lee.
//
//     h = g - (y'g) y,   d = gamma tau - eta clip(h, nu),   y <- exp_y(d),   tau <- pt_y(d; d)

const LAST = 6;

function figure({loss, start: {y, tau}, camera: [azimuth, elevation]}) {
  const f = neuron(loss.numbers), pad = (x) => number(x, 2);
  const plans = (state) => plan(f, {...state, v: 0, steps: 0}, {...state, rule: "sgd-g"});
  const next = (state) => {
    if (state.stage < LAST) return {...state, stage: state.stage + 1};
    const after = take({...state, steps: 0}, plans(state));
    return {...state, y: after.y, tau: after.tau, stage: 0};
  };
  const put = (state) => (p) => { // the momentum is carried along
    const far = distance(state.y, p), way = times(normalize(project(state.y, p)), far);
    return {...state, y: p, tau: project(p, transport(state.y, way, state.tau)), stage: state.stage};
  };
  return {
    start: {y, tau, eta: 1, gamma: 0.9, nu: 0.5, stage: 4},
    camera: new Camera(azimuth, elevation),
    views: [{x: [-1.2, 1.2]}],
    loss: () => loss,
    handles: (state) => (state.stage < 5 ? {y: {at: state.y, move: put(state)}} : {}),
    controls: [
      {press: (state) => ({...state, stage: state.stage - 1}), label: "back", idle: ({stage}) => stage === 0},
      {press: next, label: "next stage"},
      {slider: "eta", label: "*η*", range: [0, 2, 0.1], text: (x) => number(x, 1)},
      {slider: "gamma", label: "*γ*", range: [0, 0.95, 0.05], text: pad},
      {slider: "nu", label: "*ν*", range: [0.1, 1, 0.05], text: pad},
    ],
    marks(state) {
      const {y, stage, tau, nu} = state, {g, h, clipped, kept, d} = plans(state), list = [];
      const e = normalize(norm(d) > 0 ? d : h), pull = times(clipped, -state.eta);
      const after = along(y, d, 1), carried = transport(y, d, d), walking = stage >= 5;
      const add = (wanted, mark) => { if (wanted) list.push(mark); };
      const where = walking ? {at: after, e: normalize(carried)} : {at: y, e};
      add(stage >= 1, {kind: "plane", ...where, half: 0.6, role: "plane"});
      add(stage === 2 || stage === 3, {kind: "vector", at: y, v: times(g, -1), role: "g", label: "−g"});
      add(stage === 3, {kind: "segment", at: minus(y, g), v: minus(g, h), role: "guide"});
      add(stage === 3, {kind: "vector", at: y, v: times(h, -1), role: "h", label: "−h"});
      if (stage === 4) {
        add(true, {kind: "ring", at: y, radius: state.eta * nu, role: "guide", label: "ην"});
        add(norm(kept) > 0, {kind: "segment", at: plus(y, kept), v: pull, role: "guide"});
        add(norm(kept) > 0, {kind: "segment", at: plus(y, pull), v: kept, role: "guide"});
        add(true, {kind: "vector", at: y, v: d, role: "d", label: "d"});
        add(true, {kind: "vector", at: y, v: pull, role: "h", label: norm(h) > nu ? "−ηĥ" : "−ηh"});
        add(norm(kept) > 0, {kind: "vector", at: y, v: kept, role: "tau", label: "γτ"});
      }
      add(walking, {kind: "curve", points: walked(y, d, 1), role: "arc"});
      add(walking, {kind: "point", at: y, role: "y", size: 0.7});
      add(stage === LAST, {kind: "vector", at: after, v: carried, role: "d", label: "τ"});
      add(true, {kind: "point", at: walking ? after : y, role: "y", label: "y", grip: !walking, aside: times(e, -1)});
      return list;
    },
    sentence(state) {
      const {value, g, h, clipped, d} = plans(state), after = f(along(state.y, d, 1))[0];
      const lost = pad(Math.abs(dot(state.y, g))), far = pad(norm(d));
      const cut = norm(h) > state.nu ? `is clipped from ${pad(norm(h))} to *ν* = ${pad(norm(clipped))}`
        : `is ${pad(norm(h))} long, within *ν* = ${pad(state.nu)}`;
      return `${state.stage + 1} of 7: ` + [
        `*y*, the direction of a weight vector, is a point of the sphere. The loss there is ${number(value)}.`,
        "the tangent plane holds all ways in which *y* can turn, the vectors *v* with *y*′*v* = 0.",
        `−*g* points downhill in space. It is ${pad(norm(g))} long, and ${lost} of it is along *y*: `
          + "batch normalization's eps, 0.3 here, lets it lean.",
        `−*h*, the shadow of −*g* on the plane, is ${pad(norm(h))} long. `
          + `What is lost, ${lost} along *y*, cannot turn *y*.`,
        `*d* = *γτ* − *ηĥ*: *h* ${cut}, the momentum *τ* is ${pad(norm(state.tau))} long. The step *d* is ${far} long.`,
        `*y* walks along *d*, by ${far} rad = ${turn(norm(d))}. The loss goes from ${number(value)} `
          + `to ${number(after)}.`,
        `*τ*, the new momentum, is *d* carried along the walk: tangent at the new *y*, and still ${far} long. `
          + "The next step can begin.",
      ][state.stage];
    },
  };
}
