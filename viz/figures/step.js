// Drag the end of d: how far does each kind of step turn y?
//
//     exp_y(d) turns it by |d|;   (y + d)/|y + d| turns it by arctan |d|;   |y + d|^2 = 1 + |d|^2

const LONGEST = 3.6; // d that can be drawn

function figure({start}) {
  const on = (angle, radius = 1) => [radius * Math.sin(angle), radius * Math.cos(angle), 0]; // clockwise from y
  const arc = (angle) => Array.from({length: 97}, (_, i) => on(angle * i / 96));
  const put = (length) => ({length: Math.max(0.02, Math.min(LONGEST, length))});
  return {
    start: {length: start},
    views: [{flat: true, x: [-1.2, 3.75], y: [-1.25, 1.35], wide: 1.9}],
    handles: ({length}) => ({d: {at: [length, 1, 0], move: ([x]) => put(x)}}),
    controls: [
      {slider: "length", label: "length of *d*", range: [0.02, LONGEST, 0.02], text: (x) => number(x, 2)},
    ],
    marks({length}) {
      const y = [0, 1, 0], tip = [length, 1, 0], short = Math.atan(length), wide = length > 0.25;
      return [
        {kind: "area", points: arc(2 * Math.PI), role: "plane", alpha: 0.5},
        {kind: "curve", points: arc(2 * Math.PI), role: "guide"},
        {kind: "segment", at: [0, 0, 0], v: y, role: "guide"},
        {kind: "segment", at: tip, v: [LONGEST - length, 0, 0], role: "guide"},
        {kind: "segment", at: [0, 0, 0], v: tip, role: "guide"},
        {kind: "curve", points: arc(length), role: "arc", width: 1.2},
        {kind: "vector", at: y, v: [length, 0, 0], role: "d"},
        {kind: "point", at: y, role: "y", label: "y", aside: [-1, 0.6, 0]},
        {kind: "point", at: on(short), role: "h", label: wide ? "put back" : "", aside: on(short - 0.5, -1)},
        {kind: "point", at: on(length), role: "arc", label: wide ? "exp(d)" : "", aside: on(length + 0.3)},
        {kind: "point", at: tip, role: "d", label: "y + d", aside: [0.3, 1, 0], grip: true},
      ];
    },
    sentence({length}) {
      const short = Math.atan(length);
      return `|*d*| = ${number(length, 2)}: exp turns *y* by ${turn(length)}; stepping off and dividing by |*y* + *d*| `
        + `= ${number(Math.hypot(1, length), 2)} turns it by ${turn(short)}, which is `
        + `${turn(length - short)} too little.`
        + (length > Math.PI ? ` The shortest way there is now the other one, ${turn(2 * Math.PI - length)}.` : "");
    },
  };
}
