"""A convolution on a device: a gather makes the columns, cuBLAS multiplies them; see ops/conv.py for the formulas.

    unfold   columns[p, (i, j, c)] = x[n, stride h + i - top, stride w + j - left, c],  0 outside        p = (n, h, w)
    fold     x[n, a, b, c] = the sum of columns[p, (i, j, c)] over all p, i, j that it was copied to

Both gather: a thread owns one number of the result and looks where it comes from, so that no two threads write to the
same place and nothing is added out of order. To unfold is only to copy, 16 bytes at a time where the channels allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from ..backend import Array, get_xp
from ..checks import check_upstream
from ..sums import column_sums
from .kernel import TYPES, blocks_for, contiguous, launch

COLUMNS = 2**28  # bytes of columns at a time

UNFOLD = """
extern "C" __global__ void unfold(const V *x, V *columns, long long size, long long height, long long width,
                                  long long channels, long long rows, long long places, long long kh, long long kw,
                                  long long stride, long long top, long long left) {
    const unsigned H = height, W = width, C = channels, P = rows, Q = places, KH = kh, KW = kw;
    EACH(at, size) {
        unsigned e = at;                                     // (n, p, q, i, j, c), the last fastest
        const unsigned c = e % C; e /= C;
        const unsigned j = e % KW; e /= KW;
        const unsigned i = e % KH; e /= KH;
        const unsigned q = e % Q; e /= Q;
        const unsigned p = e % P, n = e / P;
        const int h = (int)(p * stride + i) - (int)top, w = (int)(q * stride + j) - (int)left;
        const bool inside = h >= 0 && h < (int)H && w >= 0 && w < (int)W;
        columns[at] = inside ? x[(((long long)n * H + h) * W + w) * C + c] : V();
    }
}
"""

FOLD = """
extern "C" __global__ void fold(const T *columns, T *x, long long size, long long height, long long width,
                                long long channels, long long rows, long long places, long long kh, long long kw,
                                long long stride, long long padding) {
    const unsigned H = height, W = width, C = channels;
    EACH(at, size) {
        unsigned e = at;                                     // (n, h, w, c)
        const unsigned c = e % C; e /= C;
        const int w = e % W + padding; e /= W;
        const int h = e % H + padding;
        const long long n = e / H;
        T sum = 0;
        for (int i = 0; i < kh; i++) {
            const int p = (h - i) / (int)stride;
            if (h < i || p * stride != h - i || p >= rows) continue;
            for (int j = 0; j < kw; j++) {
                const int q = (w - j) / (int)stride;
                if (w < j || q * stride != w - j || q >= places) continue;
                sum += columns[((((n * rows + p) * places + q) * kh + i) * kw + j) * C + c];
            }
        }
        x[at] = sum;
    }
}
"""


def conv2d(
    x: Array, w: Array, b: Array | None, stride: int, padding: int, places: tuple[int, int]
) -> tuple[Array, Callable[[Array], Any]]:
    """`ops.conv2d` of CuPy arrays that were checked; `places` = (H', W')."""
    xp = get_xp(x, w)
    x, (kh, kw, _, c_out) = contiguous(x), w.shape
    y = xp.empty((x.shape[0], *places, c_out), dtype=x.dtype)
    for images, columns in unfold(x, (kh, kw), stride, (padding, padding), places):
        xp.dot(columns, _rows(w), out=_rows(y[images]))
    if b is not None:
        y += b

    def pullback(dy: Array, wanted: bool = True) -> Any:
        dy = contiguous(check_upstream(dy, y_shape, x.dtype))
        if wanted and stride == 1 and padding < min(kh, kw):
            dx, dw = _back_by_turning(x, w, dy, padding)
        else:
            dx, dw = _back_by_folding(x, w, dy, stride, padding, wanted)
        return (dx, dw) if b is None else (dx, dw, column_sums(dy))

    y_shape = y.shape
    return y, pullback


def _back_by_turning(x: Array, w: Array, dy: Array, padding: int) -> tuple[Array, Array]:
    """dx, dw at stride 1: the convolution of dy with the kernel turned around."""
    xp = get_xp(x, w, dy)
    kh, kw, c_in, c_out = w.shape
    turned = w[::-1, ::-1].transpose(0, 1, 3, 2).copy().reshape(-1, c_in)  # (kh kw c_out, c_in)
    dx, d_turned = xp.empty(x.shape, dtype=x.dtype), xp.zeros(turned.shape, dtype=x.dtype)
    border = (kh - 1 - padding, kw - 1 - padding)
    for images, columns in unfold(dy, (kh, kw), 1, border, x.shape[1:3]):
        xp.dot(columns, turned, out=_rows(dx[images]))
        d_turned += columns.T @ _rows(x[images])
    by_unit = d_turned.reshape(kh, kw, c_out, c_in)[::-1, ::-1].transpose(2, 0, 1, 3).copy()
    return dx, by_unit.transpose(1, 2, 3, 0)  # a unit's weights side by side, as the optimizer wants them


def _back_by_folding(
    x: Array, w: Array, dy: Array, stride: int, padding: int, wanted: bool
) -> tuple[Array | None, Array]:
    """dx, dw at any stride; dx only if it is wanted."""
    xp = get_xp(x, w, dy)
    kh, kw, c_in, c_out = w.shape
    dx, by_unit = xp.empty(x.shape, dtype=x.dtype) if wanted else None, xp.zeros((c_out, kh * kw * c_in), dtype=x.dtype)
    for images, columns in unfold(x, (kh, kw), stride, (padding, padding), dy.shape[1:3]):
        by_unit += _rows(dy[images]).T @ columns
        if dx is not None:
            fold(_rows(dy[images]) @ _rows(w).T, dx[images], (kh, kw), stride, padding, dy.shape[1:3])
    return dx, by_unit.reshape(c_out, kh, kw, c_in).transpose(1, 2, 3, 0)


def unfold(
    x: Array, kernel: tuple[int, int], stride: int, border: tuple[int, int], places: tuple[int, int]
) -> Iterator[tuple[slice, Array]]:
    """Every window of x with a border of zeros as a row, many images at a time: (which images, their rows).

    x (N, H, W, C), contiguous -> rows (n H' W', kh kw C), in a buffer that the next ones overwrite.
    """
    (n, height, width, channels), (kh, kw) = x.shape, kernel
    if kernel == (1, 1) and stride == 1 and border == (0, 0):
        yield slice(0, n), _rows(x)  # every pixel is a row already
        return
    shape = (places[0] * places[1], kh * kw * channels)
    few = min(n, max(1, COLUMNS // (shape[0] * shape[1] * x.itemsize)))
    columns = get_xp(x).empty((few * shape[0], shape[1]), dtype=x.dtype)
    unit, per_unit = _unit(x)
    for start in range(0, n, few):
        images = slice(start, min(start + few, n))
        rows = columns[: (images.stop - start) * shape[0]]
        launch(
            unfold_source(unit),
            "unfold",
            x.dtype,
            blocks_for(rows.size // per_unit),
            (
                x[images],
                rows,
                rows.size // per_unit,
                height,
                width,
                channels // per_unit,
                *places,
                kh,
                kw,
                stride,
                *border,
            ),
        )
        yield images, rows


def fold(columns: Array, x: Array, kernel: tuple[int, int], stride: int, padding: int, places: tuple[int, int]) -> None:
    """The transpose of `unfold`, into x (n, H, W, C), contiguous: every number added to where it came from."""
    _, height, width, channels = x.shape
    launch(
        FOLD,
        "fold",
        x.dtype,
        blocks_for(x.size),
        (columns, x, x.size, height, width, channels, *places, *kernel, stride, padding),
    )


@cache
def unfold_source(unit: str) -> str:
    """The kernel that copies so much at once."""
    return f"typedef {unit} V;\n{UNFOLD}"


def _unit(x: Array) -> tuple[str, int]:
    """What to copy at once, and how many numbers it holds: 16 bytes, if every pixel begins at a multiple of that."""
    number = TYPES[str(x.dtype)]
    per_unit = 16 // x.itemsize
    return (f"{number}{per_unit}", per_unit) if not (x.shape[-1] % per_unit or x.data.ptr % 16) else (number, 1)


def _rows(x: Array) -> Array:
    """All axes but the last as one."""
    return x.reshape(-1, x.shape[-1])
