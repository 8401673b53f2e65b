// Words are numbers as a sentence holds them: with as many decimals as are asked for, and a minus that is one.

const degrees = (angle) => angle * 180 / Math.PI;
const number = (x, digits = 3) => (Math.abs(x) < 0.5 / 10 ** digits ? 0 : x).toFixed(digits).replace("-", "−");
const turn = (angle) => `${number(degrees(angle), 1)}°`;
