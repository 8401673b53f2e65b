// The editor of a cell, made of CodeMirror: live.py has esbuild bundle it. Where that is not possible, `plain` in cell.js
// takes its place, with the same arguments.
import {defaultKeymap, history, historyKeymap, indentWithTab} from "@codemirror/commands";
import {python} from "@codemirror/lang-python";
import {bracketMatching, indentOnInput, indentUnit, syntaxHighlighting} from "@codemirror/language";
import {EditorView, keymap} from "@codemirror/view";
import {classHighlighter} from "@lezer/highlight";

function edit(parent, before, text, name, changed, run) {
  const runs = {key: "Shift-Enter", run() { run(); return true; }};
  const view = new EditorView({
    doc: text,
    extensions: [
      history(), indentOnInput(), bracketMatching(), indentUnit.of("    "), python(), syntaxHighlighting(classHighlighter),
      keymap.of([runs, indentWithTab, ...defaultKeymap, ...historyKeymap]),
      EditorView.contentAttributes.of({"aria-label": `${name}; Escape, then Tab, leaves it`}),
      EditorView.editorAttributes.of({class: "live-editor"}),
      EditorView.updateListener.of((update) => { if (update.docChanged) changed(update.state.doc.toString()); }),
    ],
  });
  parent.insertBefore(view.dom, before);
  return {focus: () => view.focus(), remove: () => view.destroy()};
}

live.take("editor", {edit});
