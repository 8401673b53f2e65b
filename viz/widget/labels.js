// A label stands beside its mark: of the places around it, the one that costs least.
//
// Dear is to leave the canvas, then to lie on another label, on a point, on a line; then to be far from the mark, or on
// another side of it than asked for. What has once been chosen is a little cheaper, so that labels stay while marks
// move. All in pixels; a box is [left, top, right, bottom].

const TURNS = [0, 25, -25, 50, -50, 80, -80, 115, -115, 150, -150, 180].map((angle) => angle * Math.PI / 180);
const PLACES = TURNS.flatMap((turned) => [8, 15, 26].map((away) => ({turned, away})));

// The box of each of `labels` {text, at, side, half, room, centred}. `points` and `lines` are what they should not
// cover, [width, height] is the canvas; `before` holds the choices of the last time, by text, and takes the new ones.
function placed(labels, points, lines, [width, height], before) {
  const boxes = [], inside = ([l, t, r, b]) => ([x, y]) => x > l && x < r && y > t && y < b;
  for (const {text, at, side, half: [w, h], room = 0, centred} of labels) {
    if (centred) {
      boxes.push([at[0] - w, at[1] - h, at[0] + w, at[1] + h]);
      continue;
    }
    const asked = Math.atan2(side[1], side[0]);
    const costs = PLACES.map(({turned, away}, i) => {
      const [x, y] = [Math.cos(asked + turned), Math.sin(asked + turned)];
      const centre = [at[0] + x * (away + room + w), at[1] + y * (away + room + h)];
      const box = [centre[0] - w - 2, centre[1] - h - 1, centre[0] + w + 2, centre[1] + h + 1];
      const over = Math.max(0, 8 - box[0], 8 - box[1], box[2] - width + 8, box[3] - height + 8);
      const on = boxes.filter((b) => b[0] < box[2] && box[0] < b[2] && b[1] < box[3] && box[1] < b[3]).length;
      const cost = (over > 0 ? 90 + over : 0) + 50 * on + 14 * points.filter(inside(box)).length
        + Math.min(9, 0.9 * lines.filter(inside(box)).length)
        + 1.3 * Math.abs(turned) + 0.12 * away - (before[text] === i ? 1.5 : 0);
      return {cost, box, i};
    });
    const best = costs.reduce((a, b) => (b.cost < a.cost ? b : a));
    before[text] = best.i;
    boxes.push(best.box);
  }
  return boxes;
}
