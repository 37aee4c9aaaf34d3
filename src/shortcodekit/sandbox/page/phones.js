// The list of phones: who has messages, the last used first, and a field to pick up a new one.

import {h, isolated, nothing, time, unseen} from "./dom.js";

export function phones(app) {
  const {list, picked, selected} = app.phones;
  const others = [...new Set([...picked, ...(selected === null ? [] : [selected])])].filter(
    (msisdn) => !list.some((phone) => phone.msisdn === msisdn),
  );
  return [
    h("h2", {}, "Phones"),
    h(
      "form",
      {class: "pick", on: {submit: (event) => pickUp(app, event)}},
      h("label", {for: "number"}, "Pick up a phone"),
      h(
        "div",
        {class: "row"},
        h("input", {
          id: "number",
          name: "number",
          required: true,
          maxlength: "50",
          autocomplete: "off",
          spellcheck: "false",
          inputmode: "tel",
          placeholder: "16365553226",
        }),
        h("button", {type: "submit"}, "Pick up"),
      ),
    ),
    list.length || others.length
      ? h(
          "ul",
          {class: "list", key: "list"},
          others.map((msisdn) => entry(app, {msisdn, last: null}, selected)),
          list.map((phone) => entry(app, phone, selected)),
        )
      : nothing("Phones appear here as soon as they receive a message."),
    app.phones.more
      ? h("button", {key: "more", class: "quiet", on: {click: () => app.phones.showMore()}}, "More phones")
      : null,
  ];
}

function entry(app, {msisdn, last, opted_out: optedOut}, selected) {
  const fresh = last && msisdn !== selected && last.id > (app.phones.seen.get(msisdn) ?? Infinity);
  return h(
    "li",
    {key: msisdn},
    h(
      "button",
      {class: "entry", "aria-current": msisdn === selected ? "true" : false, on: {click: () => app.select(msisdn)}},
      h("span", {class: "number"}, fresh ? h("span", {class: "dot"}, unseen("new: ")) : null, isolated(msisdn)),
      last ? time(last.at, {day: false}) : null,
      h(
        "span",
        {class: "preview", dir: "auto"},
        last ? `${last.direction === "inbound" ? "↩ " : ""}${said(last).slice(0, 120)}` : "No messages yet",
      ),
      optedOut ? h("span", {class: "pill bad"}, "opted out") : null,
    ),
  );
}

/** A message in a line. */
export const said = (message) => message.text || `[${message.content?.type ?? "empty"}]`;

function pickUp(app, event) {
  event.preventDefault();
  const box = event.target.elements.number;
  const written = box.value.trim();
  const digits = written.replace(/[\s().+-]/g, "");
  const msisdn = /^\d{5,15}$/.test(digits) ? digits : written;
  if (!msisdn) return;
  app.phones.picked.add(msisdn);
  box.value = "";
  app.select(msisdn, {write: true});
}
