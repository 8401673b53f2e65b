// How many seeds: the difference of two optimizers on the same seeds, its mean, and how far that may be off.
//
//     mean +- t_(n-1) s/sqrt(n),   s the standard deviation of n differences (Student)

function figure({arms, of, quantiles, start}) {
  const names = Object.keys(arms), most = quantiles.length + 1;
  const differences = ({a, b, n}) => arms[a].slice(0, n).map((x, i) => x - arms[b][i]);
  const estimate = (state) => {
    const d = differences(state), n = d.length, mean = d.reduce((sum, x) => sum + x, 0) / n;
    const spread = Math.sqrt(d.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1));
    return {d, mean, half: quantiles[n - 2] * spread / Math.sqrt(n)};
  };
  const REACH = 11, HIGH = 10.5, LOW = -1.6; // differences drawn; the height of the tallest pile; where the interval is
  const options = Object.fromEntries(names.map((name) => [name, name]));
  return {
    start: {...start, n: most},
    views: [{flat: true, x: [-REACH - 0.8, REACH + 0.8], y: [-3.6, 11.4], wide: 1.6}],
    controls: [
      {choice: "a", label: "*A*", options, menu: true},
      {choice: "b", label: "*B*", options, menu: true},
      {slider: "n", label: "seeds", range: [2, most, 1]},
    ],
    marks(state) {
      const {d, mean, half} = estimate(state), all = differences({...state, n: most}), piles = {}, list = [];
      const clamp = (x) => Math.max(-REACH, Math.min(REACH, x));
      const tallest = Math.max(...all.map((x) => all.filter((other) => clamp(other) === clamp(x)).length));
      const high = Math.min(0.75, HIGH / tallest);
      list.push({kind: "segment", at: [-REACH - 0.5, 0, 0], v: [2 * REACH + 1, 0, 0], role: "arc", width: 0.5});
      list.push({kind: "segment", at: [0, -2.3, 0], v: [0, 13.2, 0], role: "guide"});
      all.forEach((x, i) => {
        const pile = piles[clamp(x)] = (piles[clamp(x)] ?? 0) + 1, counted = i < d.length;
        const look = counted ? {role: "h"} : {role: "guide", hollow: true, alpha: 0.4};
        list.push({kind: "point", at: [clamp(x), (pile - 0.35) * high, 0], size: 0.75, ...look});
      });
      for (const x of [-10, -5, 0, 5, 10]) {
        list.push({kind: "label", at: [x, -0.65, 0], text: number(x, 0), role: "y", centred: true});
      }
      const [low, top] = [mean - half, mean + half].map(clamp);
      list.push({kind: "segment", at: [low, LOW, 0], v: [top - low, 0, 0], role: "d", width: 1.6});
      list.push({kind: "point", at: [clamp(mean), LOW, 0], role: "d", size: 1.3});
      list.push({kind: "label", at: [-REACH / 2, -2.9, 0], text: "A is better", role: "y", centred: true});
      list.push({kind: "label", at: [REACH / 2, -2.9, 0], text: "B is better", role: "y", centred: true});
      return list;
    },
    sentence(state) {
      const {mean, half} = estimate(state), {a, b, n} = state, ends = [mean - half, mean + half];
      const sign = (x) => (x > 0.005 ? "+" : "") + number(x, 2), holds = ends[0] <= 0 && ends[1] >= 0;
      return `*A*, ${a}, minus *B*, ${b}, on ${n} seeds: ${sign(mean)} wrong images of ${of} on average; `
        + `95\u00a0% over seeds: ${ends.map(sign).join(" to ")}. `
        + (a === b ? "They are one." : holds ? "That holds 0: no more can be said." : "That leaves 0 out.")
        + (differences({...state, n: most}).some((x) => Math.abs(x) > REACH) ? ` Beyond ${REACH}: at the edge.` : "");
    },
  };
}
