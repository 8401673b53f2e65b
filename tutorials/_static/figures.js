// A figure in an iframe says how tall it is, and is told whether the page is dark. A link to a page may say what a figure
// shows: #length:eta=0.3 is the state of figures/length.html; the button below a figure makes such a link.
const frames = () => [...document.querySelectorAll("iframe.figure")];
const theme = () => ({theme: document.documentElement.dataset.theme === "dark" ? "dark" : "light"});
const named = (frame) => (frame.dataset.src ?? frame.getAttribute("src")).replace(/^.*\/|\.html.*$/g, "");
const asked = () => location.hash.match(/^#(\w+):(.*)$/)?.slice(1) ?? [];

addEventListener("message", ({data, source}) => {
  const frame = frames().find((one) => one.contentWindow === source);
  if (frame && Number.isFinite(data?.figure)) begin(frame, data.figure);
  if (frame && typeof data?.address === "string") link(frame, `#${named(frame)}:${data.address}`);
});

function begin(frame, height) {
  frame.style.height = `${Math.ceil(height)}px`;
  frame.contentWindow.postMessage(theme(), "*");
  if (frame.dataset.begun) return;
  frame.dataset.begun = "yes";
  const button = Object.assign(document.createElement("button"), {
    type: "button", className: "figure-link", textContent: "Link to what the figure shows",
    onclick() { frame.contentWindow.postMessage({ask: "address"}, "*"); },
  });
  button.setAttribute("aria-live", "polite");
  frame.after(button);
  show(frame);
}

function show(frame) {
  const [name, address] = asked();
  if (name === named(frame)) frame.contentWindow.postMessage({put: address}, "*");
}

async function link(frame, hash) {
  history.replaceState(null, "", hash);
  const button = frame.nextElementSibling;
  try { await navigator.clipboard.writeText(location.href); button.textContent = "The link is copied"; }
  catch { button.textContent = "The address of this page is the link now"; }
  setTimeout(() => { button.textContent = "Link to what the figure shows"; }, 4000);
}

const lead = () => frames().find((frame) => named(frame) === asked()[0])?.scrollIntoView({block: "center"}); // loads it
addEventListener("DOMContentLoaded", lead);
addEventListener("hashchange", () => { lead(); frames().filter((frame) => frame.dataset.begun).forEach(show); });
new MutationObserver(() => { for (const one of frames()) one.contentWindow.postMessage(theme(), "*"); })
  .observe(document.documentElement, {attributeFilter: ["data-theme"]});
