// Two optimizers, epoch by epoch: what one step turns a weight vector by, how long it is, how many images are wrong.

const KINDS = {
  angle: {digits: 4, unit: " rad"},
  norm: {digits: 2, unit: ""},
  wrong: {digits: 1, unit: ""},
};
const WIDE = 16, TALL = 9; // of the axes, whose vertical one is logarithmic

function figure({arms, of, start}) {
  const names = Object.keys(arms), options = Object.fromEntries(names.map((name) => [name, name]));
  const count = arms[names[0]].angle.length, x = (i) => WIDE * i / (count - 1);
  const scale = (kind) => {
    const all = names.flatMap((name) => arms[name][kind]).filter((v) => v > 0);
    const [least, most] = [Math.min(...all), Math.max(...all)].map(Math.log10);
    const [low, high] = [Math.floor(2 * least) / 2, Math.ceil(2 * most + 1e-9) / 2];
    return {low, high, y: (v) => TALL * (Math.log10(v) - low) / (high - low)};
  };
  const ticks = ({low, high}) => Array.from({length: 9}, (_, i) => Math.ceil(low) + i).filter((power) => power <= high);
  const power = (i) => (i < -2 ? `10⁻${"⁰¹²³⁴⁵⁶⁷⁸⁹"[-i]}` : String(Number((10 ** i).toPrecision(1))));
  return {
    start: {...start, kind: "angle", epoch: count},
    views: [{flat: true, x: [-2.8, WIDE + 1.7], y: [-1.4, TALL + 0.6], wide: 1.75}],
    controls: [
      {choice: "kind", label: "", options: {angle: "turn of a step", norm: "length", wrong: "wrong images"}},
      {choice: "a", label: "*A*", options, menu: true},
      {choice: "b", label: "*B*", options, menu: true},
      {slider: "epoch", label: "epoch", range: [1, count, 1]},
    ],
    marks({kind, a, b, epoch}) {
      const axis = scale(kind), list = [];
      list.push({kind: "path", points: [[0, TALL, 0], [0, 0, 0], [WIDE, 0, 0]], role: "arc", width: 0.4});
      for (const i of ticks(axis)) {
        const y = axis.y(10 ** i);
        list.push({kind: "segment", at: [0, y, 0], v: [WIDE, 0, 0], role: "guide", width: 0.7, alpha: 0.6});
        list.push({kind: "label", at: [-1.25, y, 0], text: power(i), role: "y", centred: true});
      }
      for (const at of [1, Math.ceil(count / 2), count]) {
        list.push({kind: "label", at: [x(at - 1), -0.8, 0], text: String(at), role: "y", centred: true});
      }
      list.push({kind: "segment", at: [x(epoch - 1), 0, 0], v: [0, TALL, 0], role: "guide"});
      for (const [name, letter] of [[b, "B"], [a, "A"]]) { // of two of one optimizer, B is pale
        const points = arms[name][kind].map((v, i) => [x(i), axis.y(v), 0]), end = points[points.length - 1];
        const {role} = arms[name], alpha = letter === "B" && role === arms[a].role ? 0.5 : 1;
        list.push({kind: "trail", points, role, alpha});
        list.push({kind: "point", at: points[epoch - 1], role, alpha});
        list.push({kind: "label", at: end, text: letter, role, alpha, aside: [1, letter === "A" ? 0.4 : -0.4, 0]});
      }
      return list;
    },
    sentence({kind, a, b, epoch}) {
      const [p, q] = [a, b].map((name) => arms[name][kind][epoch - 1]), {digits, unit} = KINDS[kind];
      const said = [p, q].map((v) => `${number(v, digits)}${unit}`);
      const what = {
        angle: `a step turns a weight vector by ${said[0]} with *A*, ${a}, and by ${said[1]} with *B*, ${b}`,
        norm: `the weight vectors are ${said[0]} long with *A*, ${a}, and ${said[1]} with *B*, ${b}`,
        wrong: `${said[0]} of ${of} test images are wrong with *A*, ${a}, and ${said[1]} with *B*, ${b}`,
      }[kind];
      return `Epoch ${epoch}: ${what}, on average. The ratio is ${number(p / q, 2)}.`;
    },
  };
}
