// How requests, their parts and what webhooks tell of messages are put into words.

const WEBHOOKS = {
  "delivery-receipt": "receipt",
  "inbound-sms": "inbound webhook",
  "message-status": "status",
  "inbound-message": "inbound webhook",
};
const STATES = {taken: "taken", "given-up": "given up", "no-url": "no URL is set for it"};

const webhookName = (webhook) => WEBHOOKS[webhook] ?? webhook;

/** Whether a request came to nothing, as far as its sender could tell. */
export const refused = (asked) =>
  asked.status === 0 || asked.status >= 400 || (asked.code !== null && asked.code !== undefined && asked.code !== "0");

/** Why a request was refused, in a line. */
export function reason(asked) {
  const said = asked.detail || (asked.status === 0 ? "the connection was broken off" : "refused");
  return asked.code && asked.code !== "0" ? `status ${asked.code}: ${said}` : said;
}

/** An amount of money as people write it: at least cents, and no zeros after them. */
export const euros = (amount) => `€${String(amount).replace(/(\.\d\d\d*?)0+$/, "$1")}`;

/** What the parts cost together: ", €0.0142"; nothing when they do not say. */
export function price(parts) {
  const prices = (parts ?? []).map((part) => Number(part["message-price"])).filter((one) => Number.isFinite(one));
  if (!prices.length) return "";
  const sum = prices.reduce((one, other) => one + other, 0);
  return `, ${euros(sum.toFixed(8))}`;
}

/** What webhooks tell of a message, each as a text and a kind (`good`, `bad` or `plain`); the same is told once, and counted. */
export function tellsOf(events) {
  const counted = new Map();
  for (const {kind, text} of (events ?? []).map(told))
    counted.set(text, {kind, text, times: (counted.get(text)?.times ?? 0) + 1});
  return [...counted.values()].map(({kind, text, times}) => ({
    kind,
    text: times > 1 ? `${text} (${times} times)` : text,
  }));
}

function told({webhook, status, code, state, attempts, next_try: next}) {
  const said = [
    webhookName(webhook),
    status,
    code !== undefined && code !== null && String(code) !== "0" ? `(${code})` : null,
  ];
  const waits = [attempts ? "not taken yet" : "on its way", next ? `next try ${String(next).slice(11, 19)}` : null];
  const became = state === "pending" ? waits.filter(Boolean).join(", ") : (STATES[state] ?? state);
  const kind = state === "given-up" ? "bad" : state === "taken" ? "good" : "plain";
  return {kind, text: `${said.filter(Boolean).join(" ")}: ${became}`};
}
