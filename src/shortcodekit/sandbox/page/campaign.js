// The campaign: who opted out, and the templates to edit.

import {call} from "./api.js";
import {h, isolated, nothing, table} from "./dom.js";

const COUNT = 6;

export function optOuts(app) {
  if (!app.optOuts.length)
    return nothing(
      h("p", {}, "Nobody opted out."),
      h(
        "p",
        {},
        "A phone that texts STOP to the short code joins this list, and alerts and PINs to it are refused from then on.",
      ),
    );
  return [
    h(
      "p",
      {key: "about"},
      "Alerts and PINs to these numbers are refused. A number leaves the list by the resubscribe call, as the real ones do.",
    ),
    table(
      "Opt-outs",
      ["Number", "Opted out", "Opted in before"],
      app.optOuts.map((record) =>
        h(
          "tr",
          {key: record.msisdn},
          h(
            "td",
            {},
            h("button", {class: "link", on: {click: () => app.select(record.msisdn)}}, isolated(record.msisdn)),
          ),
          h("td", {}, moment(record["opt-out-date"])),
          h("td", {}, moment(record["opt-in-date"])),
        ),
      ),
    ),
    app.optOuts.length >= app.optOutsWanted
      ? h(
          "button",
          {
            class: "quiet",
            key: "more",
            on: {
              click: () => {
                app.optOutsWanted += 100;
                app.attempt(() => app.refresh());
              },
            },
          },
          "More opt-outs",
        )
      : null,
  ];
}

const moment = (written) =>
  written ? h("time", {datetime: `${written.replace(" ", "T")}Z`, title: `${written} (UTC)`}, written) : "–";

export function templates(app) {
  const now = app.templates ?? {};
  return [
    h(
      "p",
      {key: "about"},
      "An alert names one by its index; 0 is used when it names none. Places such as ",
      h("code", {}, "${server}"),
      " are filled by the alert’s custom parameters.",
    ),
    ...Array.from({length: COUNT}, (_, index) => template(app, String(index), now[index] ?? null)),
  ];
}

function template(app, index, text) {
  const set = (value) =>
    app.attempt(async () => {
      app.templates = await call("PUT", "templates", {[index]: value});
      app.notice(value === null ? `Template ${index} removed.` : `Template ${index} saved.`);
      app.draw();
    });
  return h(
    "form",
    {
      class: "template",
      key: index,
      on: {
        submit: (event) => {
          event.preventDefault();
          const {value} = event.target.elements.text;
          if (value || text !== null) set(value || null);
        },
      },
    },
    h("label", {for: `template-${index}`}, `Template ${index}`),
    h("textarea", {
      id: `template-${index}`,
      name: "text",
      rows: "2",
      maxlength: "3200",
      dir: "auto",
      saved: text ?? "",
      placeholder: index === "1" ? "None: a PIN gets the usual text, an alert that names 1 template 0" : "None",
    }),
    h(
      "div",
      {class: "row"},
      h("p", {class: "hint"}, places(text)),
      h("button", {type: "submit", "aria-label": `Save template ${index}`}, "Save"),
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          disabled: text === null,
          "aria-label": `Remove template ${index}`,
          on: {
            click: (event) => {
              event.target.form.elements.text.value = "";
              set(null);
            },
          },
        },
        "Remove",
      ),
    ),
  );
}

/** The names of a template's places, each once. */
export const placesOf = (text) => [
  ...new Set([...(text ?? "").matchAll(/\$\{([^{}$]+)\}/g)].map((match) => match[1].trim())),
];

function places(text) {
  const names = placesOf(text);
  return names.length ? ["Places: ", names.map((name, index) => [index ? ", " : "", isolated(name)])] : null;
}
