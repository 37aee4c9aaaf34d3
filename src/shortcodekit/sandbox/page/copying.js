// A button that copies a command. Where there is no clipboard (plain HTTP from another machine), the text is put where it
// can be copied by hand.

import {draw, h} from "./dom.js";

export function copyButton(app, text, what) {
  return h(
    "button",
    {type: "button", class: "quiet", "aria-label": `Copy curl of ${what}`, on: {click: () => copy(app, text())}},
    "Copy curl",
  );
}

async function copy(app, text) {
  if (await byClipboard(text)) app.notice("Copied.");
  else byHand(text);
}

async function byClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // none here, or it is not allowed
  }
}

function byHand(text) {
  const dialog = document.getElementById("asking");
  draw(
    dialog,
    h("h2", {id: "asking-title"}, "Copy by hand"),
    h("p", {}, "The browser lends this page no clipboard. The text is selected: copy it with Ctrl+C or ⌘C."),
    h("textarea", {rows: "10", readonly: true, "aria-label": "The curl", saved: text, key: text}),
    h("div", {class: "row"}, h("button", {type: "button", on: {click: () => dialog.close()}}, "Close")),
  );
  dialog.showModal();
  const box = dialog.querySelector("textarea");
  box.focus();
  box.select();
}
