// A scene turns the state of the optimizer into marks, things in R^3 to be drawn, and into words.

const PLANE = 0.55; // half the side of the tangent plane's square
const RESTING = 1e-5; // a step that turns y by less, in radians, is none

// What is drawn: the trail, then either the step ahead with all its vectors or, on the way, the fraction s of a walk.
// `walk` is null or {y, d, carry, s}; `show` says which of g, h, d, tau, plane and trail are wanted.
function marks({state, trail, next, options, walk, show}) {
  const list = [];
  const add = (wanted, mark) => { if (wanted) list.push(mark); };
  const past = walk ? trail.slice(0, -1) : trail;
  past.forEach(({y, d}, i) => {
    const alpha = 0.25 + 0.5 * (i + 1) / past.length;
    add(show.trail, {kind: "curve", points: walked(y, d, 1), role: "arc", alpha, width: 0.7});
    add(show.trail, {kind: "point", at: y, role: "y", alpha, size: 0.45});
  });
  if (walk) {
    const {y, d, s} = walk, gone = times(d, s), here = along(y, d, s), carried = transport(y, gone, d);
    add(show.plane, {kind: "plane", role: "plane", at: here, e: normalize(carried), half: PLANE});
    add(true, {kind: "curve", points: walked(y, d, s), role: "arc"});
    add(show.trail, {kind: "point", at: y, role: "y", alpha: 0.75, size: 0.45});
    add(show.d, {kind: "vector", at: here, v: carried, role: "d", label: "d"});
    add(true, {kind: "point", at: here, role: "y", label: "y", aside: times(cross(here, carried), -1)});
    return list;
  }
  const {y} = state, {g, h, clipped, kept, d} = next, e = normalize(norm(d) > 0 ? d : h);
  add(show.plane && norm(e) > 0, {kind: "plane", role: "plane", at: y, e, half: PLANE});
  if (norm(d) > 0) {
    list.push({kind: "curve", points: walked(y, d, 1), role: "arc", alpha: 0.65, width: 0.6});
    list.push({kind: "point", at: along(y, d, 1), role: "y", alpha: 0.8, size: 0.6, hollow: true});
  }
  const pulls = options.eta > 0, cut = pulls && norm(h) > options.nu; // at eta = 0 the gradient has no say
  add(pulls && show.g, {kind: "vector", at: y, v: times(g, -1), role: "g", label: "−g"});
  add(pulls && show.g && show.h, {kind: "segment", at: minus(y, g), v: minus(g, h), role: "guide"});
  add(pulls && show.d && norm(kept) > 0, {kind: "segment", at: plus(y, kept), v: minus(d, kept), role: "guide"});
  const step = {kind: "vector", at: y, v: d, role: "d", label: "d"}, under = norm(d) >= norm(clipped);
  add(show.d && under, step); // the shorter of d and h lies on the longer
  add(show.h && cut, {kind: "ring", at: y, radius: options.nu, role: "guide", label: "ν"});
  add(show.h && cut, {kind: "segment", at: minus(y, clipped), v: minus(clipped, h), role: "h", alpha: 0.5});
  add(pulls && show.h, {kind: "vector", at: y, v: times(clipped, -1), role: "h", label: cut ? "−ĥ" : "−h"});
  add(show.d && !under, step);
  const share = options.rule === "sgd-g" ? "γτ" : "∝ τ"; // Adam-G scales it, and its tau points uphill
  add(show.tau, {kind: "vector", at: y, v: kept, role: "tau", label: share});
  add(true, {kind: "point", at: y, role: "y", label: "y", aside: times(plus(normalize(d), normalize(kept)), -1)});
  return list;
}

// The step ahead, in a sentence or two.
function ahead(loss, {state, next, options}) {
  const angle = norm(next.d), here = `Here the loss is ${number(next.value)}.`;
  if (angle < RESTING) return `${here} y is at rest: the next step would not turn it.`;
  const end = loss(along(state.y, next.d, 1))[0];
  return `${here} The next step would turn y by ${turn(angle)} and take the loss to ${number(end)}.`
    + clipping(next, options) + wrapping(state.y, next.d);
}

// The step just taken, in a sentence or two. `first` is where the walk began.
function behind(loss, {state, trail, options}, first) {
  const {y, d, plan, eta} = trail[trail.length - 1];
  const [from, to] = [plan.value, loss(state.y)[0]];
  return `Step ${state.steps}: y turns by ${turn(norm(d))}; the loss goes from ${number(from)} to ${number(to)}.`
    + clipping(plan, {...options, eta}) + wrapping(y, d)
    + (state.steps > 1 ? ` y is ${turn(distance(first, state.y))} from where it began.` : "");
}

const clipping = ({h, clipped}, {eta}) => eta > 0 && norm(clipped) < norm(h)
  ? ` h is clipped from ${number(norm(h), 2)} to ν\u00a0=\u00a0${number(norm(clipped), 2)}.` : "";

function wrapping(y, d) {
  const rounds = norm(d) / (2 * Math.PI), lands = turn(distance(y, along(y, d, 1)));
  if (rounds <= 0.5) return "";
  return rounds < 1 ? ` That is more than half-way round: it lands ${lands} away.`
    : ` That is ${number(rounds, 2)} times round the sphere: it lands ${lands} away.`;
}
