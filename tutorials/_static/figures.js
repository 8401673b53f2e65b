// A figure in an iframe says how tall it is, and is told whether the page is dark.
const frames = () => [...document.querySelectorAll("iframe.figure")];
const theme = () => ({theme: document.documentElement.dataset.theme === "dark" ? "dark" : "light"});

addEventListener("message", ({data, source}) => {
  const frame = frames().find((one) => one.contentWindow === source);
  if (!frame || !Number.isFinite(data?.figure)) return;
  frame.style.height = `${Math.ceil(data.figure)}px`;
  source.postMessage(theme(), "*");
});
new MutationObserver(() => { for (const one of frames()) one.contentWindow.postMessage(theme(), "*"); })
  .observe(document.documentElement, {attributeFilter: ["data-theme"]});
