// Slide a window over an image: every window is a row of a matrix, and the kernel is a column.

const SIDE = 3; // of the window

function figure({image, kernels}) {
  const n = image.length, m = n - SIDE + 1, GAP = 1.2;
  const flat = (i, j) => image.slice(i, i + SIDE).flatMap((row) => row.slice(j, j + SIDE));
  const product = (kernel, i, j) => flat(i, j).reduce((sum, x, k) => sum + x * kernels[kernel].flat()[k], 0);
  // The unfolded matrix stands to the right of the image, and as tall; to its right the kernel's output.
  const tall = n / (m * m), wide = 0.42, left = n + GAP, out = left + SIDE * SIDE * wide + GAP, cell = n / m / 1.6;
  const cells = (values, at, size, most) => ({kind: "cells", values, at, size, most, role: "guide"});
  const box = (x, y, w, h) => ({
    kind: "path", role: "g", points: [[0, 0], [w, 0], [w, -h], [0, -h], [0, 0]].map(([a, b]) => [x + a, y + b, 0]),
  });
  const join = (x, y, toX, toY) => ({kind: "segment", at: [x, y, 0], v: [toX - x, toY - y, 0], role: "guide"});
  const title = (x, text) => ({kind: "label", at: [x, n + 0.5, 0], text, role: "y", centred: true});
  const put = (state) => ([x, y]) => {
    const clamp = (v) => Math.max(0, Math.min(m - 1, Math.round(v - SIDE / 2)));
    return {...state, row: clamp(n - y), column: clamp(x)};
  };
  return {
    start: {row: 1, column: 2, kernel: "edge"},
    views: [{flat: true, x: [-0.3, out + m * cell + 0.3], y: [-0.4, n + 1.1], wide: 1.9}],
    drag: "the window",
    unit: 1,
    handles: (state) => ({window: {at: [state.column + SIDE / 2, n - state.row - SIDE / 2, 0], move: put(state)}}),
    controls: [
      {choice: "kernel", label: "kernel", options: {edge: "left edges", floor: "upper edges", mean: "mean"}},
    ],
    marks({row, column, kernel}) {
      const places = Array.from({length: m * m}, (_, k) => [Math.floor(k / m), k % m]);
      const matrix = places.map(([i, j]) => flat(i, j)), at = row * m + column;
      const y = Array.from({length: m}, (_, i) => Array.from({length: m}, (_, j) => product(kernel, i, j)));
      const top = n - row, line = n - at * tall, dot = [out + column * cell, n - row * cell];
      return [
        cells(image, [0, n], [1, 1], 16),
        cells(matrix, [left, n], [wide, tall], 16),
        cells(y, [out, n], [cell, cell], Math.max(1, ...y.flat().map(Math.abs))),
        join(column + SIDE, top - SIDE / 2, left, line - tall / 2),
        join(left + 9 * wide, line - tall / 2, dot[0], dot[1] - cell / 2),
        box(column, top, SIDE, SIDE), box(left, line, 9 * wide, tall), box(...dot, cell, cell),
        title(n / 2, `image, ${n} × ${n}`), title(left + 4.5 * wide, `rows, ${m * m} × 9`),
        title(out + m * cell / 2, "output"),
      ];
    },
    sentence({row, column, kernel}) {
      const rows = (k) => Math.min(k, n - 1 - k, SIDE - 1) + 1, inside = rows(row + 1) * rows(column + 1);
      return `The window in row ${row + 1}, column ${column + 1} is row ${row * m + column + 1} of the matrix. Times `
        + `the kernel, a column, it is ${number(product(kernel, row, column), 2)}, one number of the output. The pixel `
        + `in its middle has been copied into ${inside} rows.`;
    },
  };
}
