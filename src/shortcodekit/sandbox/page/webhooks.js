// Attempts to deliver webhooks: what was sent where, what was answered, and when the next try is.

import {copyButton} from "./copying.js";
import {h, isolated, nothing, pill, time} from "./dom.js";
import {seconds, titled} from "./requests.js";

export function webhooks(app) {
  const {items, more} = app.attempts;
  if (!items.length) return nothing(h("p", {}, "No webhook was sent yet."), ...advice(app));
  return [
    h(
      "ul",
      {class: "cards", key: "cards"},
      items.map((attempt) => card(app, attempt)),
    ),
    more
      ? h(
          "button",
          {
            class: "quiet",
            key: "more",
            on: {
              click: () =>
                app.attempt(async () => {
                  await app.attempts.older();
                  app.draw();
                }),
            },
          },
          "Older attempts",
        )
      : null,
  ];
}

function advice(app) {
  const missing = ["receipt_url", "inbound_url", "status_url", "message_url"].filter((name) => !app.settings?.[name]);
  if (!missing.length) return [h("p", {}, "They follow alerts that ask for a receipt, and texts from phones.")];
  return [
    h(
      "p",
      {},
      "Receipts and texts from phones go to the URLs under Settings; ",
      missing.length === 4 ? "none is set." : `not set: ${missing.join(", ")}.`,
    ),
    h("button", {on: {click: () => app.show("settings")}}, "Open settings"),
  ];
}

function card(app, attempt) {
  const {request} = attempt;
  return h(
    "li",
    {key: attempt.id, class: attempt.taken ? "card" : "card bad"},
    h(
      "div",
      {class: "head"},
      time(attempt.at),
      h("strong", {}, attempt.webhook),
      h("span", {}, `attempt ${attempt.number}`),
      pill(attempt.taken ? "good" : "bad", outcome(attempt)),
      attempt.curl ? copyButton(app, () => attempt.curl, `webhook ${attempt.id}`) : null,
    ),
    attempt.error ? h("p", {class: "reason", key: "error", dir: "auto"}, attempt.error) : null,
    h("p", {class: "summary", key: "to"}, h("code", {}, isolated(shortened(`${request.method} ${request.url}`)))),
    attempt.taken && !attempt.next_try
      ? null
      : h(
          "p",
          {class: "summary", key: "next"},
          attempt.next_try ? h("span", {}, "Next try ", time(attempt.next_try)) : "It is not sent again.",
        ),
    h(
      "details",
      {key: "details"},
      h("summary", {}, "Details"),
      h("p", {}, `Took ${seconds(attempt.seconds)}.`),
      titled("Request", whole(request)),
      titled(
        "Answer",
        attempt.status ? `HTTP ${attempt.status}\n\n${attempt.answer ?? ""}` : (attempt.error ?? "none"),
      ),
      attempt.curl ? titled("curl", attempt.curl) : null,
    ),
  );
}

function outcome({status, taken}) {
  if (status === null || status === undefined) return "no answer";
  return `HTTP ${status}${taken ? ", taken" : ""}`;
}

const shortened = (text) => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

function whole({method, url, headers, body}) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${url}\n${lines.join("\n")}${body ? `\n\n${body}` : ""}`;
}
