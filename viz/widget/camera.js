// A camera is a unit vector c: an orthographic eye that looks at the unit sphere from infinitely far along c.
//
//     r = (-sin az, cos az, 0),   u = c x r               right and up on the screen
//     screen = (p.r, p.u),   depth = p.c,   rho = |screen|
//
// A point of the sphere is hidden iff depth < 0; any other with rho < 1 iff depth < sqrt(1 - rho^2).

class Camera {
  constructor(azimuth, elevation) {
    this.azimuth = azimuth;
    this.elevation = Math.max(-1.55, Math.min(1.55, elevation)); // not over the poles
    const across = Math.cos(this.elevation);
    this.direction = [across * Math.cos(azimuth), across * Math.sin(azimuth), Math.sin(this.elevation)];
    this.right = [-Math.sin(azimuth), Math.cos(azimuth), 0];
    this.up = cross(this.direction, this.right);
  }

  screen(p) { return [dot(p, this.right), dot(p, this.up)]; }

  depth(p) { return dot(p, this.direction); }

  hidden(p, onSphere) {
    const rho = Math.hypot(...this.screen(p)), depth = this.depth(p);
    return onSphere ? depth < 0 : rho < 1 && depth < Math.sqrt(Math.max(0, 1 - rho * rho));
  }

  // The point of the sphere at (x, y) on the screen, in front (side 1) or behind (-1). Beyond the limb it comes back on
  // the other side, as far in as (x, y) is out: a point can be dragged over the edge.
  lift([x, y], side) {
    const rho = Math.hypot(x, y), radius = rho > 1 ? Math.max(0, 2 - rho) : rho, s = rho > 1 ? radius / rho : 1;
    const depth = (rho > 1 ? -side : side) * Math.sqrt(Math.max(0, 1 - radius * radius));
    return normalize(plus(plus(times(this.right, s * x), times(this.up, s * y)), times(this.direction, depth)));
  }

  // {front, back}: a curve on the sphere as lists of pieces on the screen, cut at the limb.
  splitCurve(points) {
    const parts = {front: [], back: []};
    let before = null, piece = null;
    for (const p of points) {
      const hidden = this.hidden(p, true);
      if (before === null || hidden !== before.hidden) {
        const limb = before && this.screen(normalize(plus(
          times(before.p, Math.abs(this.depth(p))), times(p, Math.abs(this.depth(before.p))))));
        if (limb) piece.push(limb);
        piece = limb ? [limb] : [];
        parts[hidden ? "back" : "front"].push(piece);
      }
      piece.push(this.screen(p));
      before = {p, hidden};
    }
    return parts;
  }

  // {front, back}: the segment from p to p + v, cut where it meets the cylinder rho = 1 or the sphere.
  splitSegment(p, v) {
    const at = [0, ...[...crossings(this.screen(p), this.screen(v)), ...crossings(p, v)].sort((a, b) => a - b), 1];
    const parts = {front: [], back: []};
    for (let i = 1; i < at.length; i++) {
      const middle = plus(p, times(v, (at[i - 1] + at[i]) / 2));
      const ends = [at[i - 1], at[i]].map((s) => this.screen(plus(p, times(v, s))));
      parts[this.hidden(middle, false) ? "back" : "front"].push(ends);
    }
    return parts;
  }
}

// A sheet of paper: x to the right, y up, and nothing in front of anything.
class Flat {
  screen(p) { return [p[0], p[1]]; }

  depth() { return 1; }

  hidden() { return false; }

  lift([x, y]) { return [x, y, 0]; }

  splitCurve(points) { return {front: [points.map(this.screen)], back: []}; }

  splitSegment(p, v) { return this.splitCurve([p, plus(p, v)]); }
}

// The camera that looks along -c, and one that shows the walk from y to the points ahead well, y itself in front.
const looking = ([x, y, z]) => new Camera(Math.atan2(y, x), Math.atan2(z, Math.hypot(x, y)));
function facing(y, points) {
  const mean = times(points.reduce(plus), 1 / points.length);
  const aside = times(normalize(cross(y, points[0])), 0.4);
  return looking(plus(plus(y, mean), aside));
}

// The s with |p + s v| = 1, strictly between the ends of the segment. p and v have two coordinates or three.
function crossings(p, v) {
  const sum = (f) => p.reduce((total, _, i) => total + f(i), 0);
  const a = sum((i) => v[i] * v[i]), b = sum((i) => p[i] * v[i]), c = sum((i) => p[i] * p[i]) - 1;
  if (a === 0 || b * b < a * c) return [];
  const root = Math.sqrt(b * b - a * c);
  return [(-b - root) / a, (-b + root) / a].filter((s) => s > 1e-9 && s < 1 - 1e-9);
}
