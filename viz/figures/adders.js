// How many units share a sum: with seven digits, the order in which numbers are added decides how many are right.
//
//     k units add n/k of n numbers each, one after another; then their k sums are added, one after another.

const DRAWS = 16; // lists of numbers, whose mean a point is
const MOST = 12, LOW = -8, HIGH = -6; // 2^MOST numbers; the powers of ten at the bottom and at the top
const WIDE = 12, TALL = 7;

// n numbers in [0, 1) that float32 holds, the same ones everywhere: a linear congruential generator.
function random(seed, n) {
  let x = seed;
  return Float32Array.from({length: n}, () => ((x = (Math.imul(1664525, x) + 1013904223) >>> 0) >>> 8) / 2 ** 24);
}
const inTurn = (numbers) => numbers.reduce((sum, x) => Math.fround(sum + x), 0);
const shared = (numbers, k) => {
  const sums = new Float32Array(k);
  numbers.forEach((x, i) => { sums[i % k] += x; }); // rounds, as float32 does
  return inTurn(sums);
};
const inPairs = (numbers) => {
  let sums = numbers;
  while (sums.length > 1) sums = sums.subarray(0, sums.length / 2).map((x, i) => x + sums[sums.length / 2 + i]);
  return sums[0];
};

function figure({start}) {
  const found = new Map();
  // By how much of itself a sum is off, root mean square over the draws: with 1, 2, 4, ... units, and in pairs.
  const errors = (p) => {
    if (found.has(p)) return found.get(p);
    const lists = Array.from({length: DRAWS}, (_, seed) => random(seed, 2 ** p));
    const exact = lists.map((numbers) => numbers.reduce((sum, x) => sum + x, 0)); // float64 rounds nothing here
    const squares = (add) => lists.map((numbers, i) => (add(numbers) / exact[i] - 1) ** 2);
    const off = (add) => Math.sqrt(squares(add).reduce((sum, x) => sum + x) / DRAWS);
    const units = Array.from({length: p + 1}, (_, q) => off((numbers) => shared(numbers, 2 ** q)));
    found.set(p, {units, pairs: off(inPairs)});
    return found.get(p);
  };
  const at = (q, error) => [WIDE * q / MOST, TALL * (Math.log10(error) - LOW) / (HIGH - LOW), 0];
  const put = (state) => ([x]) => ({...state, q: Math.max(0, Math.min(state.p, Math.round(MOST * x / WIDE)))});
  const units = ({p, q}) => Math.min(p, q);
  const told = (error) => {
    const [digits, power] = error.toExponential(1).split("e-");
    return `${digits}·10⁻${"⁰¹²³⁴⁵⁶⁷⁸⁹"[power]}`;
  };
  return {
    start,
    views: [{flat: true, x: [-2.1, WIDE + 1.2], y: [-2, TALL + 0.9], wide: 1.5}],
    drag: "the number of units",
    unit: 1,
    handles: (state) => ({k: {at: at(units(state), errors(state.p).units[units(state)]), move: put(state)}}),
    controls: [
      {slider: "p", label: "numbers", range: [4, MOST, 1], text: (p) => `${2 ** p}`},
      {slider: "q", label: "units", range: [0, MOST, 1], text: (q, {p}) => `${2 ** Math.min(p, q)}`},
    ],
    marks(state) {
      const {units: all, pairs} = errors(state.p), points = all.map((error, q) => at(q, error)), q = units(state);
      const word = (x, y, text) => ({kind: "label", at: [x, y, 0], text, role: "y", centred: true});
      return [
        {kind: "path", points: [[0, TALL, 0], [0, 0, 0], [WIDE, 0, 0]], role: "arc", width: 0.4},
        ...[0, 3, 6, 9, 12].map((q) => word(at(q, 1)[0], -0.6, `${2 ** q}`)), word(WIDE / 2, -1.5, "units"),
        ...[8, 7, 6].map((power) => word(-1.05, at(0, 10 ** -power)[1], `10⁻${"⁰¹²³⁴⁵⁶⁷⁸⁹"[power]}`)),
        {kind: "segment", at: at(0, pairs), v: [WIDE, 0, 0], role: "frame"},
        {kind: "label", at: at(MOST - 1.5, pairs), text: "in pairs", role: "frame", aside: [0, 1, 0]},
        {kind: "trail", points, role: "h"},
        {kind: "point", at: points[q], role: "h", grip: true},
      ];
    },
    sentence(state) {
      const {units: all, pairs} = errors(state.p), q = units(state), k = 2 ** q, each = 2 ** (state.p - q);
      const how = k === 1 ? "one unit adds all" : `${k} units add ${each} each, then their sums are added`;
      return `Of ${2 ** state.p} numbers ${how}: off by ${told(all[q])} of the sum. `
        + `One after another it is ${told(all[0])}, in pairs ${told(pairs)}.`;
    },
  };
}
