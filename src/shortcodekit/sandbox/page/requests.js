// What the service was asked lately: who, what became of it and why, the parts, what receipts told, and the curl of it.

import {get} from "./api.js";
import {copyButton} from "./copying.js";
import {code, h, isolated, nothing, pill, table, time} from "./dom.js";
import {price, reason, refused, tellsOf} from "./telling.js";

const STEP = 100;
const KEPT = 500;

/** The requests, and the messages that they made. */
export class Requests {
  list = [];
  messages = new Map();
  wanted = STEP;

  async refresh({visible}) {
    this.list = await get("requests", {limit: this.wanted});
    if (visible) await this.#read();
  }

  async #read() {
    const ids = this.list.map((asked) => asked.message).filter(Boolean);
    const found = new Map();
    let before;
    for (let times = 0; times < 4 && ids.some((id) => !found.has(id)); times += 1) {
      const page = await get("messages", {limit: 200, before});
      for (const message of page) found.set(message.id, message);
      if (page.length < 200) break;
      before = Math.min(page.at(-1).id, Math.max(...ids.filter((id) => !found.has(id)), 0) + 1);
      if (before < 1) break;
    }
    this.messages = found;
  }

  get more() {
    return this.list.length >= this.wanted && this.wanted < KEPT;
  }

  async older(app) {
    this.wanted = Math.min(this.wanted + STEP, KEPT);
    await app.refresh();
  }
}

export function requests(app) {
  const {list, more} = app.requests;
  if (!list.length)
    return nothing(
      h("p", {}, "The service was not asked anything yet."),
      h("p", {}, "Alerts, opt-in queries and messages appear here, refused ones with the reason."),
    );
  return [
    h(
      "ul",
      {class: "cards", key: "cards"},
      list.map((asked) => card(app, asked)),
    ),
    more
      ? h(
          "button",
          {class: "quiet", key: "more", on: {click: () => app.attempt(() => app.requests.older(app))}},
          "Older requests",
        )
      : null,
  ];
}

function card(app, asked) {
  const message = app.requests.messages.get(asked.message);
  const bad = refused(asked);
  return h(
    "li",
    {key: asked.id, class: bad ? "card bad" : "card"},
    h(
      "div",
      {class: "head"},
      time(asked.at),
      h("strong", {}, asked.operation ?? `${asked.method} ${asked.path}`),
      asked.msisdn
        ? h("button", {class: "link", on: {click: () => app.select(asked.msisdn)}}, isolated(asked.msisdn))
        : null,
      pill(bad ? "bad" : "good", outcome(asked)),
      asked.fault ? pill("warn", `fault ${asked.fault}`) : null,
      copyButton(
        app,
        () => app.requests.list.find((other) => other.id === asked.id)?.curl ?? asked.curl,
        `request ${asked.id}`,
      ),
    ),
    bad ? h("p", {class: "reason", dir: "auto", key: "reason"}, reason(asked)) : null,
    message ? h("p", {class: "summary", key: "summary"}, summary(message)) : null,
    h(
      "details",
      {key: "details"},
      h("summary", {}, "Details"),
      message?.parts?.length ? parts(message) : null,
      message?.events?.length
        ? h(
            "ul",
            {class: "told", key: "told"},
            tellsOf(message.events).map((told, index) => h("li", {key: index, class: told.kind}, told.text)),
          )
        : null,
      h(
        "p",
        {key: "line"},
        h("code", {}, `${asked.method} ${asked.path}`),
        ` answered after ${seconds(asked.seconds)}`,
      ),
      asked.request ? titled("Request", asked.request) : null,
      asked.answer ? titled("Answer", asked.answer) : null,
      titled("curl", asked.curl),
    ),
  );
}

function outcome({status, code: partStatus}) {
  if (status === 0) return "reset";
  if (partStatus === null || partStatus === undefined) return `HTTP ${status}`;
  return partStatus === "0" ? "accepted" : `refused, status ${partStatus}`;
}

function summary(message) {
  const count = message.parts?.length ?? 0;
  const told = tellsOf(message.events);
  return [
    count ? `${count} ${count === 1 ? "part" : "parts"}${price(message.parts)}` : message.channel,
    message.client_ref ? h("span", {key: "ref"}, isolated(message.client_ref)) : null,
    told.map(({kind, text}, index) => h("span", {key: index, class: kind}, text)),
  ];
}

function parts(message) {
  const columns = ["status", "message-id", "message-price", "network", "remaining-balance"];
  return table(
    "Parts",
    ["part", ...columns],
    message.parts.map((part, index) =>
      h(
        "tr",
        {key: index},
        h("td", {}, String(index + 1)),
        columns.map((name) => h("td", {key: name}, String(part[name] ?? "–"))),
      ),
    ),
  );
}

export const titled = (title, text) => h("div", {class: "block", key: title}, h("h3", {}, title), code(text));

export const seconds = (number) => (number === undefined ? "–" : `${Number(number).toFixed(number < 1 ? 3 : 1)} s`);
