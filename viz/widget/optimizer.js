// An optimizer turns a point y, its gradient g and its momentum into the displacement d of the next step.
//
//     SGD-G    d = gamma tau - eta h,   y <- exp_y(d),   tau <- pt_y(d; d)
//     Adam-G   m = gamma tau + (1 - gamma) h,   v <- beta2 v + (1 - beta2)|h|^2,
//              d = -eta sqrt(1 - beta2^t)/(1 - gamma^t) m/sqrt(v + eps),   y <- exp_y(d),   tau <- pt_y(m; d)
//
// h is the projected gradient, no longer than nu. `state` is {y, tau, v, steps}; `options` is {rule, eta, gamma, nu}.

const BETA2 = 0.99, TINY = 1e-8;

// One batch-normalized neuron: w -> [f, df/dw],  f = 1 - c'w/s,  s = sqrt(w'Rw + eps).
function neuron({R, c, eps}) {
  return (w) => {
    const Rw = [dot(R[0], w), dot(R[1], w), dot(R[2], w)], cw = dot(c, w);
    const s = Math.sqrt(dot(w, Rw) + eps);
    return [1 - cw / s, minus(times(Rw, cw / s ** 3), times(c, 1 / s))];
  };
}

// The step that comes next: all its vectors, up to the displacement d. Momentum's share of d is `kept`.
function plan(loss, {y, tau, v, steps}, {rule, eta, gamma, nu}) {
  const [value, g] = loss(y), h = project(y, g), length = norm(h);
  const clipped = length > nu ? times(h, nu / length) : h;
  if (rule === "sgd-g") {
    const kept = times(tau, gamma), d = project(y, minus(kept, times(clipped, eta)));
    return {value, g, h, clipped, kept, d, carry: d, v};
  }
  const m = project(y, plus(times(tau, gamma), times(clipped, 1 - gamma)));
  const next = BETA2 * v + (1 - BETA2) * dot(clipped, clipped), t = steps + 1;
  const rate = -eta * Math.sqrt(1 - BETA2 ** t) / (1 - gamma ** t) / Math.sqrt(next + TINY);
  return {value, g, h, clipped, kept: times(tau, gamma * rate), d: times(m, rate), carry: m, v: next};
}

// The state after that step.
function take({y, steps}, {d, carry, v}) {
  const after = along(y, d, 1);
  return {y: after, tau: project(after, transport(y, d, carry)), v, steps: steps + 1};
}
