// What goes wrong on purpose: the faults in force, the usual ones with one click, and a form for all there are.

import {call, Refused} from "./api.js";
import {field, h, isolated, option} from "./dom.js";

const OPERATIONS = ["sendAlert", "sendTwoFactor", "queryOptOuts", "resubscribe", "sendMessage"];
const NUMBERS = ["times", "latency", "http_status", "retry_after", "error", "delay", "copies"];
const USUAL = [
  ["Busy: 503, Retry-After 5", {http_status: 503, retry_after: 5, times: 1}],
  ["Throttled: status 1", {operation: "sendAlert", status: "1", error_text: "Throughput rate exceeded", times: 1}],
  ["Barred: status 7", {operation: "sendAlert", status: "7", error_text: "Number barred"}],
  ["Reset", {answer: "reset", times: 1}],
  ["Slow: 5 seconds", {latency: 5}],
  ["Phone off: err-code 2", {receipt_status: "failed", err_code: "2"}],
  ["Receipts twice, reversed, in capitals", {copies: 2, reordered: true, capitals: true}],
];

export function faults(app) {
  const list = app.faults;
  return [
    list.length
      ? h(
          "ul",
          {class: "cards", key: "list"},
          list.map((fault) => kept(app, fault)),
        )
      : h("p", {class: "nothing", key: "none"}, "All is well: no fault is in force."),
    list.length > 1
      ? h("button", {class: "quiet", key: "all", on: {click: () => end(app, null)}}, "Delete all faults")
      : null,
    h(
      "form",
      {
        class: "fields",
        key: "form",
        novalidate: true,
        "aria-label": "A new fault",
        on: {
          submit: (event) => {
            event.preventDefault();
            app.attempt(() => add(app, event.target));
          },
        },
      },
      fields(),
      h("p", {class: "error", role: "alert", key: "error"}, app.errors.faults ?? ""),
      h("div", {class: "row", key: "row"}, h("button", {type: "submit"}, "Add fault")),
    ),
  ];
}

function kept(app, fault) {
  return h(
    "li",
    {key: fault.id, class: "card warn"},
    h(
      "div",
      {class: "head"},
      h("strong", {}, `Fault ${fault.id}`),
      h("span", {}, fault.times ? `${fault.times} more ${fault.times === 1 ? "time" : "times"}` : "until deleted"),
      h(
        "button",
        {class: "quiet", "aria-label": `Delete fault ${fault.id}`, on: {click: () => end(app, fault.id)}},
        "Delete",
      ),
    ),
    h("p", {class: "summary", dir: "auto"}, isolated(described(fault))),
  );
}

/** A fault in a sentence. */
function described(fault) {
  const whom = [fault.operation ?? "everything", fault.msisdn ? `for ${fault.msisdn}` : null];
  const what = [
    fault.latency ? `waits ${fault.latency} s` : null,
    fault.answer
      ? ({reset: "breaks the connection off", truncated: "answers half", html: "answers a page in HTML"}[
          fault.answer
        ] ?? fault.answer)
      : null,
    fault.http_status
      ? `HTTP ${fault.http_status}${fault.retry_after === undefined ? "" : `, Retry-After ${fault.retry_after}`}`
      : null,
    fault.status ? `part status ${fault.status}${fault.error_text ? ` “${fault.error_text}”` : ""}` : null,
    fault.receipt_status ? `webhooks say ${fault.receipt_status}` : null,
    fault.err_code ? `err-code ${fault.err_code}` : null,
    fault.error ? `error ${fault.error}` : null,
    fault.delay ? `webhooks ${fault.delay} s later` : null,
    fault.copies > 1 ? `webhooks ${fault.copies} times` : null,
    fault.capitals ? "statuses in capitals" : null,
    fault.reordered ? "webhooks in reverse" : null,
  ];
  return `${whom.filter(Boolean).join(" ")}: ${what.filter(Boolean).join("; ") || "nothing changes"}`;
}

function fields() {
  const text = (name, label, more = {}) =>
    field(label, h("input", {name, autocomplete: "off", spellcheck: "false", ...more}));
  const number = (name, label, more = {}) => text(name, label, {inputmode: "decimal", ...more});
  const check = (name, label) =>
    h("label", {class: "field check"}, h("input", {type: "checkbox", name}), h("span", {class: "name"}, label));
  return [
    h(
      "fieldset",
      {key: "usual", class: "usual"},
      h("legend", {}, "The usual ones fill the form"),
      USUAL.map(([label, values]) =>
        h("button", {type: "button", class: "word", on: {click: (event) => fill(event.target.form, values)}}, label),
      ),
    ),
    h(
      "fieldset",
      {key: "whom"},
      h("legend", {}, "Whom it concerns"),
      text("msisdn", "Recipient", {placeholder: "everyone", inputmode: "tel"}),
      field(
        "Operation",
        h(
          "select",
          {name: "operation"},
          option("", "every one"),
          OPERATIONS.map((one) => option(one)),
        ),
      ),
      number("times", "Times", {placeholder: "until deleted"}),
    ),
    h(
      "fieldset",
      {key: "answer"},
      h("legend", {}, "The answer"),
      number("latency", "Latency, seconds"),
      field(
        "Broken answer",
        h(
          "select",
          {name: "answer"},
          option("", "no"),
          option("reset"),
          option("truncated"),
          option("html", "HTML page"),
        ),
      ),
      number("http_status", "HTTP status", {placeholder: "503"}),
      number("retry_after", "Retry-After, seconds"),
      text("status", "Part status", {placeholder: "7"}),
      text("error_text", "error-text"),
    ),
    h(
      "fieldset",
      {key: "webhooks"},
      h("legend", {}, "Its webhooks"),
      text("receipt_status", "Status", {placeholder: "failed"}),
      text("err_code", "err-code", {placeholder: "2"}),
      number("error", "Error code (Messages API)"),
      number("delay", "Delay, seconds"),
      number("copies", "Copies"),
      check("capitals", "In capitals"),
      check("reordered", "In reverse"),
    ),
  ];
}

function fill(form, values) {
  form.reset();
  for (const [name, value] of Object.entries(values)) {
    const control = form.elements[name];
    if (control.type === "checkbox") control.checked = value;
    else control.value = String(value);
  }
}

async function add(app, form) {
  const fault = {};
  for (const control of form.elements) {
    if (!control.name || control.type === "fieldset") continue;
    if (control.type === "checkbox") {
      if (control.checked) fault[control.name] = true;
    } else if (control.value.trim()) {
      const value = control.value.trim();
      const number = Number(value);
      fault[control.name] = NUMBERS.includes(control.name) && Number.isFinite(number) ? number : value;
    }
  }
  try {
    const added = await call("POST", "faults", fault);
    app.errors.faults = null;
    form.reset();
    app.notice(`Fault ${added.id} is in force.`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    app.errors.faults = error.message;
  }
  await app.refresh();
}

const end = (app, id) =>
  app.attempt(async () => {
    await call("DELETE", id === null ? "faults" : `faults?id=${id}`);
    app.notice(id === null ? "All faults are deleted." : `Fault ${id} is deleted.`);
    await app.refresh();
  });
