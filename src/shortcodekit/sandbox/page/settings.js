// What may be set while the sandbox runs. Only what was changed is sent, so two people do not undo each other's changes.

import {call, Refused} from "./api.js";
import {changed, field, h, isolated, option} from "./dom.js";

const URLS = [
  ["receipt_url", "Delivery receipts go to"],
  ["inbound_url", "Texts to the short code go to"],
  ["status_url", "Statuses of the Messages API go to"],
  ["message_url", "Inbound messages of the Messages API go to"],
];
const METHODS = ["GET", "POST", "POST-JSON"];
const SIGNATURES = ["md5hash", "md5", "sha1", "sha256", "sha512"];

export function settings(app) {
  const now = app.settings;
  if (!now) return null;
  const signatures =
    SIGNATURES.includes(now.signature_method) || !now.signature_method
      ? SIGNATURES
      : [...SIGNATURES, now.signature_method];
  return [
    h(
      "dl",
      {class: "fixed", key: "fixed"},
      h("dt", {}, "Short code"),
      h("dd", {}, isolated(now.short_code ?? "–")),
      h("dt", {}, "API key"),
      h("dd", {}, isolated(now.api_key ?? "–")),
      h("dt", {}, "Address"),
      h("dd", {}, location.origin),
    ),
    h(
      "form",
      {
        key: "form",
        class: "fields",
        novalidate: true,
        on: {
          submit: (event) => {
            event.preventDefault();
            app.attempt(() => save(app, event.target));
          },
        },
      },
      URLS.map(([name, label]) =>
        field(
          label,
          h("input", {
            name,
            type: "url",
            inputmode: "url",
            autocomplete: "off",
            spellcheck: "false",
            placeholder: "http://127.0.0.1:8000/…",
            saved: now[name] ?? "",
          }),
          {wide: true},
        ),
      ),
      choice("receipt_method", "Receipts are sent by", METHODS, now),
      choice("inbound_method", "Inbound texts are sent by", METHODS, now),
      h(
        "label",
        {class: "field check", key: "sign"},
        h("input", {type: "checkbox", name: "sign_webhooks", saved: now.sign_webhooks ?? false}),
        h("span", {class: "name"}, "Webhooks are signed"),
      ),
      choice("signature_method", "Receipts are signed with", signatures, now),
      field(
        "Speed (60: an hour a minute)",
        h("input", {name: "time_scale", inputmode: "decimal", autocomplete: "off", saved: String(now.time_scale ?? 1)}),
      ),
      h("p", {class: "error", role: "alert", key: "error"}, app.errors.settings ?? ""),
      h("div", {class: "row", key: "row"}, h("button", {type: "submit"}, "Save settings")),
    ),
  ];
}

const choice = (name, label, values, now) =>
  field(
    label,
    h(
      "select",
      {name, saved: now[name] ?? values[0]},
      values.map((value) => option(value)),
    ),
  );

async function save(app, form) {
  const wanted = {};
  for (const control of form.elements) {
    if (!control.name || !changed(control)) continue;
    if (control.type === "checkbox") wanted[control.name] = control.checked;
    else if (control.name === "time_scale") wanted.time_scale = Number(control.value);
    else if (control.name.endsWith("_url")) wanted[control.name] = control.value.trim() || null;
    else wanted[control.name] = control.value;
  }
  try {
    if (Object.keys(wanted).length) app.settings = await call("PATCH", "settings", wanted);
    app.errors.settings = null;
    app.notice("Settings saved.");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    app.errors.settings = error.message;
  }
  app.draw();
}
