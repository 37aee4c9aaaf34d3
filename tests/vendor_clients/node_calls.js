// Runs where clients of the vendor are installed, and calls them as it is told; python_calls.py says how.
"use strict";

const readline = require("node:readline");
const { createRequire } = require("node:module");

console.log = console.error; // the output is for answers
const load = createRequire(`${process.cwd()}/`);
const ALERT = "/sc/us/alert";
const MESSAGES = "/v0.1/messages";

// The clients call back with an error and an answer.
let waiting = false;
const called = (call) =>
  new Promise((resolve) => {
    waiting = true;
    call((error, answer) => {
      waiting = false;
      resolve(error ? { raised: plain(error) } : { returned: answer });
    });
  });
const plain = (error) => (error instanceof Error ? { message: error.message } : error);

function alerts(sender) {
  return ({ to, ...custom }) => called((back) => sender.shortcodeAlert(to, custom, {}, back));
}

// The two oldest call back a second time when the response closes, which it does not do on the Node that they were written for;
// with no answer this time, and fall over that themselves.
process.on("uncaughtException", (error) => {
  if (waiting) throw error;
});

// Has no calls beside alerts; says http to any port but 443.
function easynexmo({ key, secret, port }) {
  const client = load("easynexmo");
  client.initialize(key, secret);
  client.setHost("127.0.0.1");
  client.setPort(port);
  return { alert: alerts(client) };
}

// Takes a port, and ignores it: reached through the proxy.
function nexmo_1({ key, secret }) {
  const Nexmo = load("nexmo-1");
  const client = new Nexmo({ apiKey: key, apiSecret: secret });
  return { alert: alerts(client.message) };
}

// Both hosts are names here, and go to the port over http.
const HERE = { restHost: "127.0.0.1", apiHost: "127.0.0.1" };
// In these `host` has to be a URL, of which the name is used, while `restHost` is used as it is.
const THERE = { ...HERE, host: "http://127.0.0.1" };

function made(Client, { key, secret, application_id, private_key, port }, hosts, signature) {
  const credentials = { apiKey: key, apiSecret: secret, applicationId: application_id, privateKey: private_key };
  return new Client({ ...credentials, ...signature }, { ...hosts, port });
}

// What there is no call for is sent by the library's own means, as its users had to.
function second(Client, given, hosts) {
  const client = made(Client, given, hosts);
  const { rest, api } = client.options;
  return {
    client,
    alert: alerts(client.message),
    resubscribe: (number) => called((back) => rest.post(`${ALERT}/opt-in/manage/json`, number, back)),
    opt_outs: (page) => called((back) => rest.get(`${ALERT}/opt-in/query/json`, page, back)),
    message_with_key_and_secret: (message) => called((back) => api.postJson(MESSAGES, message, back, false, true)),
  };
}

// Given a signature secret, a client signs all that it sends; so alerts that are signed are sent by one of their own.
function signing(Client, given, hosts, signatureMethod) {
  return made(Client, given, hosts, { signatureSecret: given.signature_secret, signatureMethod });
}

const channel = (client) => ({ message: ({ to, from, message }) => called((back) => client.channel.send(to, from, message, back)) });

const CLIENTS = {
  easynexmo,
  "nexmo-1": nexmo_1,
  "nexmo-2-beta": (given) => {
    const { client, ...calls } = second(load("nexmo-2-beta"), given, HERE);
    return { ...calls, ...channel(client) };
  },
  // A process of its own: instances of this release share their options.
  "nexmo-2-beta-signing": (given) => {
    const client = signing(load("nexmo-2-beta"), given, HERE, "md5hash");
    return { signed_alert: alerts(client.message), ...channel(client) };
  },
  "nexmo-2": (given) => {
    const { client, ...calls } = second(load("nexmo-2"), given, HERE);
    const { rest } = client.options;
    return {
      ...calls,
      signed_alert: alerts(signing(load("nexmo-2"), given, HERE, "sha1").message),
      resubscribe: (number) => called((back) => rest.postUseQueryString(`${ALERT}/opt-in/manage/json`, number, back)),
    };
  },
  "vonage-2-beta": (given) => {
    const { client, ...calls } = second(load("vonage-2-beta"), given, THERE);
    return { ...calls, ...channel(client), signed_alert: alerts(signing(load("vonage-2-beta"), given, THERE, "md5").message) };
  },
  "vonage-2": (given) => {
    const { client, ...calls } = second(load("vonage-2"), given, THERE);
    const { rest } = client.options;
    return {
      ...calls,
      signed_alert: alerts(signing(load("vonage-2"), given, THERE, "sha512").message),
      resubscribe: (number) => called((back) => rest.postJson(`${ALERT}/opt-in/manage/json`, number, back)),
    };
  },
};

async function main() {
  let calls;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const said = JSON.parse(line);
    let answer;
    if (calls === undefined) {
      calls = CLIENTS[said.client](said);
      answer = { returned: Object.keys(calls).sort() };
    } else {
      answer = await calls[said[0]](said[1]);
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

main();
