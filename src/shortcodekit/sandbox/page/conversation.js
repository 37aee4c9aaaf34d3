// One phone, held in the hand: what it received, what it sent, and a box to text back.

import {placesOf} from "./campaign.js";
import {copyButton} from "./copying.js";
import {code, draw, h, isolated, option, pill, time, unseen} from "./dom.js";
import {CHANNELS} from "./known.js";
import {price, reason, refused, tellsOf} from "./telling.js";

const KEYWORDS = ["STOP", "START", "HELP"];
const NEAR = 80; // pixels from the end within which the conversation follows what arrives

/** Draws the phone into its section; a conversation that stood at its end stays there. */
export function conversation(app, section) {
  const {selected} = app.phones;
  if (selected === null) return draw(section, teaching(app));
  const before = section.querySelector(".talk");
  const same = before?.dataset.phone === selected;
  const atEnd = !same || before.scrollHeight - before.scrollTop - before.clientHeight < NEAR;
  const fromEnd = same ? before.scrollHeight - before.scrollTop : 0;
  const firstBefore = before?.querySelector(".bubble")?.id;
  draw(section, phone(app, selected));
  const talk = section.querySelector(".talk");
  if (atEnd) talk.scrollTop = talk.scrollHeight;
  else if (talk.querySelector(".bubble")?.id !== firstBefore && app.phones.loadedOlder) {
    talk.scrollTop = talk.scrollHeight - fromEnd;
  }
  app.phones.loadedOlder = false;
}

function phone(app, msisdn) {
  const {messages, list} = app.phones;
  const optedOut = list.find((phone) => phone.msisdn === msisdn)?.opted_out;
  return h(
    "div",
    {class: "phone", key: "phone"},
    h(
      "div",
      {class: "status", "aria-hidden": "true"},
      h("span", {}, app.now().slice(11, 16)),
      h("span", {class: "island"}),
      h("span", {class: "battery"}),
    ),
    h(
      "header",
      {},
      h("span", {class: "face", "aria-hidden": "true"}, msisdn.slice(-2)),
      h(
        "div",
        {},
        h("h2", {}, unseen("Phone "), isolated(msisdn)),
        h("p", {}, "in conversation with ", isolated(correspondent(app, messages.items))),
      ),
      optedOut ? pill("bad", "opted out") : null,
    ),
    h(
      "div",
      {
        class: "talk",
        key: `talk ${msisdn}`,
        tabindex: "0",
        role: "group",
        "data-phone": msisdn,
        "aria-label": `Conversation of ${msisdn}`,
      },
      messages.more
        ? h("button", {class: "quiet older", key: "older", on: {click: () => app.phones.older()}}, "Older messages")
        : null,
      messages.items.length
        ? null
        : h("p", {class: "silence", key: "silence"}, "Nothing here yet. Text something below."),
      h("ol", {class: "bubbles", key: "bubbles"}, bubbles(app, messages)),
    ),
    composer(app, msisdn),
  );
}

const correspondent = (app, messages) =>
  messages.find((message) => message.direction === "outbound")?.sender ?? app.settings?.short_code ?? "the short code";

/** The messages, oldest first, with what did not reach the phone between them, and the day where it changes. */
function bubbles(app, {items, more}) {
  const oldest = more ? items.at(-1).at : "";
  const missed = app.requests.list.filter(
    (asked) => asked.msisdn === app.phones.selected && refused(asked) && !asked.message && asked.at >= oldest,
  );
  const all = [...items, ...missed]
    .reverse()
    .sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
  let day = "";
  let sender = null;
  return all.flatMap((item) => {
    const shown = [];
    if (item.at.slice(0, 10) !== day) {
      day = item.at.slice(0, 10);
      shown.push(h("li", {key: `day ${day}`, class: "day"}, h("time", {datetime: day}, day)));
    }
    if (item.curl) return [...shown, missing(item)];
    const named = item.direction === "outbound" && sender !== null && item.sender !== sender;
    if (item.direction === "outbound") sender = item.sender;
    return [...shown, bubble(item, named)];
  });
}

function bubble(message, named) {
  const received = message.direction === "outbound";
  const parts = message.parts?.length ?? 0;
  return h(
    "li",
    {key: `message ${message.id}`, id: `message-${message.id}`, class: received ? "bubble in" : "bubble out"},
    named ? h("p", {class: "from"}, isolated(message.sender)) : null,
    h("div", {class: "text"}, unseen(received ? "Received: " : "Sent: "), content(message)),
    h(
      "p",
      {class: "meta"},
      time(message.at, {day: false}),
      message.channel !== "sms" || message.api === "messages"
        ? h("span", {}, CHANNELS[message.channel] ?? message.channel)
        : null,
      message.template === undefined ? null : h("span", {}, `template ${message.template}`),
      parts ? h("span", {}, `${parts} ${parts === 1 ? "part" : "parts"}${price(message.parts)}`) : null,
      message.client_ref ? h("span", {}, isolated(message.client_ref)) : null,
    ),
    tellsOf(message.events).map((told, index) => h("p", {key: index, class: `told ${told.kind}`}, told.text)),
  );
}

function content(message) {
  if (!message.content || message.content.type === "text") return h("p", {dir: "auto"}, message.text);
  const {type, ...rest} = message.content;
  const told = rest[type] ?? rest;
  const texts = typeof told === "object" && told !== null ? Object.entries(told) : [];
  if (!texts.length || texts.some(([, value]) => typeof value === "object")) {
    return h("div", {}, h("p", {class: "kind"}, type ?? "empty"), code(JSON.stringify(rest, null, 1)));
  }
  return h(
    "div",
    {},
    h("p", {class: "kind"}, type),
    texts.map(([name, value]) =>
      h("p", {key: name, dir: "auto"}, h("span", {class: "name"}, `${name} `), String(value)),
    ),
  );
}

function missing(asked) {
  return h(
    "li",
    {key: `request ${asked.id}`, class: "missing"},
    h("p", {}, h("strong", {}, "Did not arrive"), " ", time(asked.at, {day: false})),
    h("p", {dir: "auto"}, reason(asked)),
  );
}

// ---- writing back ----------------------------------------------------------------------------------------------------

function composer(app, msisdn) {
  const {drafts} = app.phones;
  const way = app.phones.way(msisdn);
  const send = (text) => text.trim() && app.phones.text(msisdn, text);
  const submit = async (box) => {
    const text = box.value;
    if (await send(text)) {
      if (box.value === text) box.value = "";
      drafts.delete(msisdn);
    }
  };
  const typed = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit(event.target);
  };
  return h(
    "form",
    {
      class: "composer",
      key: `composer ${msisdn}`,
      "aria-label": `Text from ${msisdn}`,
      on: {
        submit: (event) => {
          event.preventDefault();
          submit(event.target.elements.text);
        },
      },
    },
    h(
      "div",
      {class: "row"},
      KEYWORDS.map((word) =>
        h(
          "button",
          {type: "button", key: word, class: word === "STOP" ? "word stop" : "word", on: {click: () => send(word)}},
          word,
        ),
      ),
      h(
        "details",
        {class: "way"},
        h("summary", {}, unseen("Texts go by "), CHANNELS[way.channel], " to ", isolated(way.to ?? way.usual)),
        h(
          "div",
          {class: "choices"},
          h(
            "label",
            {},
            "Channel ",
            h(
              "select",
              {name: "channel", saved: way.channel, on: {change: (event) => app.phones.by(msisdn, event.target.value)}},
              Object.entries(CHANNELS).map(([value, label]) => option(value, label)),
            ),
          ),
          h(
            "label",
            {},
            "To ",
            h(
              "select",
              {name: "to", saved: way.to ?? "", on: {change: (event) => app.phones.to(msisdn, event.target.value)}},
              option("", `as usual (${way.usual})`),
              way.senders.map((sender) => option(sender)),
            ),
          ),
        ),
      ),
    ),
    h(
      "div",
      {class: "row"},
      h("textarea", {
        name: "text",
        rows: "2",
        maxlength: "4096",
        dir: "auto",
        "aria-label": `Text as ${msisdn}`,
        placeholder: "Text back …",
        saved: drafts.get(msisdn) ?? "",
        on: {keydown: typed, input: (event) => drafts.set(msisdn, event.target.value)},
      }),
      h("button", {type: "submit", class: "send"}, "Send"),
    ),
  );
}

// ---- before the first message ----------------------------------------------------------------------------------------

function teaching(app) {
  const curl = firstAlert(app);
  return h(
    "div",
    {class: "teaching", key: "teaching"},
    h("h2", {}, "No phone has a message yet"),
    h(
      "p",
      {},
      "This page shows recipients’ phones, as if you held them in your hand. Send the first alert, and watch it arrive:",
    ),
    h(
      "div",
      {class: "curl"},
      code(curl, {id: "first-alert"}),
      copyButton(app, () => firstAlert(app), "the first alert"),
    ),
    h(
      "p",
      {},
      h("code", {}, "$API_SECRET"),
      " is the secret that the sandbox was started with; nothing leaves this machine.",
    ),
    h("p", {}, "Or pick up a phone on the left and text ", h("code", {}, "HELP"), " from it."),
  );
}

const EXAMPLES = {server: "host3", link: "https://example.com/host3/mon"};

/** A curl of an alert that fills the places of the first template. */
function firstAlert(app) {
  const first = Object.keys(app.templates ?? {}).sort()[0] ?? "0";
  const given = [
    "to=16365553226",
    ...(first === "0" ? [] : [`template=${first}`]),
    "status-report-req=1",
    "client-ref=first-alert",
    ...placesOf(app.templates?.[first]).map((place) => `${place}=${EXAMPLES[place] ?? place}`),
  ];
  return [
    `curl ${location.origin}/sc/us/alert/json`,
    `  -d ${quoted(`api_key=${app.settings?.api_key ?? "…"}`)}`,
    '  -d api_secret="$API_SECRET"',
    ...given.map((one) => `  -d ${quoted(one)}`),
  ].join(" \\\n");
}

const quoted = (text) => (/^[\w=:/.,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
