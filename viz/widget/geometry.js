// The unit sphere of R^3: a point is an array y of three numbers with y'y = 1, a tangent vector h has y'h = 0.
//
//     grad f     = g - (y'g) y                                          (6)
//     exp_y(h)   = y cos|h| + u sin|h|,   u = h/|h|                      (7)
//     pt_y(v; h) = v - (u'v)(sin|h| y + (1 - cos|h|) u)                  (8)
//
// Numbers in brackets are equations of Cho and Lee, NIPS 2017. All lengths are angles, in radians.

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const times = (a, s) => [a[0] * s, a[1] * s, a[2] * s];
const plus = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const norm = (h) => Math.hypot(...h); // no overflow or underflow inside

// w/|w|, and zero for zero.
function normalize(w) {
  const length = norm(w) || 1;
  return [w[0] / length, w[1] / length, w[2] / length];
}

// The tangent part of g. Equation (6).
const project = (y, g) => minus(g, times(y, dot(y, g)));

// Walk from y along h, for the distance |h|. Equation (7).
const exp = (y, h) => plus(times(y, Math.cos(norm(h))), times(normalize(h), Math.sin(norm(h))));

// v carried in parallel along the walk from y along h. Equation (8); 1 - cos is a square, which does not cancel.
function transport(y, h, v) {
  const theta = norm(h), u = normalize(h);
  const turn = plus(times(y, Math.sin(theta)), times(u, 2 * Math.sin(theta / 2) ** 2));
  return minus(v, times(turn, dot(u, v)));
}

// The angle between two points, in [0, pi] (Kahan).
const distance = (y, x) => 2 * Math.atan2(norm(minus(x, y)), norm(plus(x, y)));

// The point after the fraction s of the walk from y along d.
const along = (y, d, s) => normalize(exp(y, times(d, s)));

// The points exp_y(s d), s from 0 to `end`.
function walked(y, d, end) {
  const n = 8 + Math.ceil(40 * norm(d) * end);
  return Array.from({length: n + 1}, (_, i) => along(y, d, end * i / n));
}
