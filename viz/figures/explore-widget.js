// The widget around the figure, for anywidget: the figure is a page in a frame, and Python answers what it asks.

function render({model, el}) {
  const frame = document.createElement("iframe");
  frame.title = "Your loss, and your optimizer's walk";
  frame.setAttribute("sandbox", "allow-scripts");
  frame.style.cssText = "width: 100%; max-width: 50rem; height: 36rem; border: 0";
  const tell = (message) => frame.contentWindow?.postMessage(message, "*");
  const dress = () => { // JupyterLab and VS Code say how dark they are; elsewhere the system does
    const {jpThemeLight, vscodeThemeKind} = document.body.dataset;
    if (jpThemeLight) tell({theme: jpThemeLight === "false" ? "dark" : "light"});
    else if (vscodeThemeKind) tell({theme: vscodeThemeKind.includes("light") ? "light" : "dark"});
  };
  const heard = ({data, source}) => {
    if (source !== frame.contentWindow) return;
    if (data.ask) model.send({y: data.ask});
    if (data.figure) frame.style.height = `${data.figure}px`;
  };
  const answered = (answer) => tell({answer});
  const watch = new MutationObserver(dress);
  watch.observe(document.body, {attributes: true});
  addEventListener("message", heard);
  model.on("msg:custom", answered);
  frame.onload = dress;
  frame.srcdoc = model.get("page");
  el.append(frame);
  return () => {
    watch.disconnect();
    removeEventListener("message", heard);
    model.off("msg:custom", answered);
  };
}

export default {render};
