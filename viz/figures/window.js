// Slide a window over an image: every window is a row of a matrix, and the kernel is a column.

const SIDE = 3; // of the window

function figure({image, kernels}) {
  const n = image.length, m = n - SIDE + 1, GAP = 1.2;
  const flat = (i, j) => image.slice(i, i + SIDE).flatMap((row) => row.slice(j, j + SIDE));
  const product = (kernel, i, j) => flat(i, j).reduce((sum, x, k) => sum + x * kernels[kernel].flat()[k], 0);
  // The unfolded matrix stands to the right of the image, and as tall; to its right the kernel's output.
  const tall = n / (m * m), wide = 0.42, left = n + GAP, out = left + SIDE * SIDE * wide + GAP, cell = n / m / 1.6;
  const cells = (values, [x, y], [w, h], most) => ({kind: "cells", values, at: [x, y], size: [w, h], most, role: "guide"});
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
      const box = (x, top, w, h, role) => ({kind: "path", role, points: [[x, top, 0], [x + w, top, 0], [x + w, top - h, 0], [x, top - h, 0], [x, top, 0]]});
      const top = n - row, line = n - at * tall, dot = [out + column * cell, n - row * cell];
      return [
        cells(image, [0, n], [1, 1], 16),
        cells(matrix, [left, n], [wide, tall], 16),
        cells(y, [out, n], [cell, cell], Math.max(1, ...y.flat().map(Math.abs))),
        {kind: "segment", at: [column + SIDE, top - SIDE / 2, 0], v: [left - column - SIDE, line - tall / 2 - top + SIDE / 2, 0], role: "guide"},
        {kind: "segment", at: [left + 9 * wide, line - tall / 2, 0], v: [dot[0] - left - 9 * wide, dot[1] - cell / 2 - line + tall / 2, 0], role: "guide"},
        box(column, top, SIDE, SIDE, "g"), box(left, line, 9 * wide, tall, "g"), box(...dot, cell, cell, "g"),
        {kind: "label", at: [n / 2, n + 0.5, 0], text: `image, ${n} × ${n}`, role: "y", centred: true},
        {kind: "label", at: [left + 4.5 * wide, n + 0.5, 0], text: `rows, ${m * m} × 9`, role: "y", centred: true},
        {kind: "label", at: [out + m * cell / 2, n + 0.5, 0], text: "output", role: "y", centred: true},
      ];
    },
    sentence({row, column, kernel}) {
      const rows = (k) => Math.min(k, n - 1 - k, SIDE - 1) + 1, inside = rows(row + 1) * rows(column + 1);
      return `The window in row ${row + 1}, column ${column + 1} is row ${row * m + column + 1} of the matrix. Times the kernel, a column, it is `
        + `${number(product(kernel, row, column), 2)}, one number of the output. The pixel in its middle has been copied into ${inside} rows.`;
    },
  };
}
