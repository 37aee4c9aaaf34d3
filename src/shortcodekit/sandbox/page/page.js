// The page: what it knows, how it learns of changes, and where each view is drawn.
//
// The sandbox is asked to answer once something has changed; then what is visible is read again and drawn. When it does not
// answer, the page says so and asks again until it does. A hidden page asks nothing: browsers allow an origin few connections.

import {Away, call, get, Pages} from "./api.js";
import {optOuts, templates} from "./campaign.js";
import {conversation} from "./conversation.js";
import {draw, h, keepingFocus, time} from "./dom.js";
import {faults} from "./faults.js";
import {Known} from "./known.js";
import {phones, said} from "./phones.js";
import {Requests, requests} from "./requests.js";
import {settings} from "./settings.js";
import {euros} from "./telling.js";
import {webhooks} from "./webhooks.js";

const VIEWS = {
  requests: {title: "Requests", draw: requests},
  webhooks: {title: "Webhooks", draw: webhooks, read: () => app.attempts.refresh()},
  "opt-outs": {
    title: "Opt-outs",
    draw: optOuts,
    read: async () => {
      app.optOuts = await get("opt-outs", {limit: app.optOutsWanted});
    },
  },
  templates: {title: "Templates", draw: templates},
  faults: {
    title: "Faults",
    draw: faults,
    read: async () => {
      app.faults = await get("faults");
    },
  },
  settings: {title: "Settings", draw: settings},
};
const STEPS = [
  ["+1 min", 60, "1 minute"],
  ["+1 h", 3600, "1 hour"],
  ["+24 h", 86400, "24 hours"],
];
const BETWEEN = 200; // milliseconds between two readings, however much changes
const BETWEEN_TOLD = 2000; // the same between two announcements
const byId = (id) => document.getElementById(id);

const app = {
  phones: null,
  requests: new Requests(),
  attempts: new Pages("webhooks"),
  optOuts: [],
  optOutsWanted: 100,
  faults: [],
  templates: null,
  settings: null,
  health: null,
  heard: 0,
  online: null,
  view: "requests",
  visited: new Set(),
  errors: {},
  untold: [],
  telling: null,
  told: -BETWEEN_TOLD,

  /** What the sandbox's clock shows now, in ISO 8601. */
  now() {
    if (!this.health) return "";
    const passed = (performance.now() - this.heard) * (this.settings?.time_scale ?? 1);
    return new Date(Date.parse(this.health.now) + passed).toISOString();
  },

  /** Reads again what is visible. One reading at a time, so that none overwrites a later one; those who wait share the next. */
  refresh() {
    this.waiting ??= (this.reading ?? Promise.resolve())
      .catch(() => null)
      .then(() => {
        this.waiting = null;
        return this.read();
      });
    this.reading = this.waiting;
    return this.reading;
  },

  async read() {
    const shown = VIEWS[this.view];
    const [health, settingsNow, templatesNow] = await Promise.all([
      get("health"),
      get("settings"),
      get("templates"),
      this.phones.refresh(),
      shown.read?.(),
      this.requests.refresh({visible: this.view === "requests"}),
    ]);
    Object.assign(this, {health, settings: settingsNow, templates: templatesNow, heard: performance.now()});
    this.draw();
  },

  draw() {
    keepingFocus(() => {
      draw(byId("facts"), facts());
      draw(byId("clock"), clock());
      draw(byId("connection"), connection());
      draw(byId("tabs"), tabs());
      draw(byId("views"), views());
      if (!this.health) return;
      draw(byId("phones"), phones(this));
      conversation(this, byId("phone"));
    });
  },

  /** Does what may fail, and tells when it did. */
  async attempt(action) {
    try {
      return await action();
    } catch (error) {
      this.notice(error.message, {bad: true});
      return null;
    }
  },

  /** Shows a phone; `write` puts the focus into its box. */
  select(msisdn, {write = false} = {}) {
    this.phones.select(msisdn);
    remember();
    this.draw();
    if (write) byId("phone").querySelector("textarea")?.focus();
    this.attempt(() => this.refresh());
  },

  show(view, {focus = true} = {}) {
    this.view = view;
    remember();
    this.draw();
    if (focus) byId(`tab-${view}`).focus();
    this.attempt(() => this.refresh());
  },

  /** Tells what somebody's action led to. */
  notice(text, {bad = false} = {}) {
    clearTimeout(this.noticed);
    draw(byId("notice"), h("p", {class: bad ? "bad" : "good", key: performance.now()}, text));
    this.noticed = setTimeout(() => draw(byId("notice")), bad ? 15000 : 5000);
  },

  /** Tells those who listen what phones received and sent; what comes faster than it can be listened to is told together. */
  announce(messages) {
    this.untold.unshift(...messages);
    this.telling ??= setTimeout(
      () => this.tell(this.untold.splice(0)),
      Math.max(0, this.told + BETWEEN_TOLD - performance.now()),
    );
  },

  tell(messages) {
    this.telling = null;
    this.told = performance.now();
    const told = messages
      .slice(0, 3)
      .reverse()
      .map(
        (message) =>
          `${message.msisdn} ${message.direction === "outbound" ? "received" : "sent"}: ${said(message).slice(0, 300)}`,
      );
    const text =
      messages.length > 3
        ? `${messages.length > 15 ? "Many" : messages.length} new messages. The latest: ${told.at(-1)}`
        : told.join(". ");
    draw(byId("live"), h("p", {key: performance.now(), dir: "auto"}, text));
  },
};
app.phones = new Known(app);

// ---- the parts that do not move --------------------------------------------------------------------------------------

function facts() {
  if (!app.health) return null;
  const waiting = app.health.pending_webhooks ?? 0;
  return [
    app.settings?.short_code ? h("span", {key: "code"}, "short code ", h("b", {}, app.settings.short_code)) : null,
    app.health.balance === undefined
      ? null
      : h("span", {key: "balance"}, "balance ", h("b", {}, euros(app.health.balance))),
    waiting
      ? h("span", {key: "waiting"}, h("b", {}, String(waiting)), waiting === 1 ? " webhook waits" : " webhooks wait")
      : null,
  ];
}

function clock() {
  if (!app.health) return null;
  return [
    h("span", {key: "now", class: "now"}, time(app.now()), h("span", {class: "zone"}, " UTC")),
    STEPS.map(([label, seconds, spoken]) =>
      h(
        "button",
        {key: label, "aria-label": `${label}: advance the clock`, on: {click: () => advance(seconds, spoken)}},
        label,
      ),
    ),
    h("button", {key: "reset", class: "reset", on: {click: askReset}}, "Reset …"),
  ];
}

const advance = (seconds, spoken) =>
  app.attempt(async () => {
    await call("POST", "clock", {advance: seconds}, {seconds: 300});
    await app.refresh();
    app.notice(`The clock is ${spoken} further.`);
  });

function askReset() {
  const dialog = byId("asking");
  const reset = () =>
    app.attempt(async () => {
      dialog.close();
      await call("POST", "reset");
      app.phones.forget();
      app.notice("Everything is as after the first start.");
      await app.refresh();
    });
  draw(
    dialog,
    h("h2", {id: "asking-title"}, "Reset the sandbox?"),
    h(
      "p",
      {},
      "Messages, opt-outs, webhooks and faults are forgotten; templates and balance are as at the start. Settings stay.",
    ),
    h(
      "div",
      {class: "row"},
      h("button", {type: "button", key: "keep", on: {click: () => dialog.close()}}, "Keep everything"),
      h("button", {type: "button", key: "reset", class: "danger", on: {click: reset}}, "Reset"),
    ),
  );
  dialog.showModal();
}

const connection = () =>
  app.online === false ? h("p", {key: "away"}, "The sandbox does not answer. Trying again …") : null;

function tabs() {
  const names = Object.keys(VIEWS);
  const move = (event) => {
    const at = names.indexOf(app.view);
    const to = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    app.show(names.at(to % names.length));
  };
  return names.map((name) =>
    h(
      "button",
      {
        key: name,
        id: `tab-${name}`,
        role: "tab",
        "aria-selected": String(name === app.view),
        "aria-controls": `view-${name}`,
        tabindex: name === app.view ? "0" : "-1",
        on: {click: () => app.show(name), keydown: move},
      },
      VIEWS[name].title,
    ),
  );
}

/** All views stay where they are, so that what was typed and opened in one is there when it is shown again. */
function views() {
  return Object.entries(VIEWS).map(([name, {draw: drawn}]) =>
    h(
      "div",
      {
        key: name,
        id: `view-${name}`,
        class: "view",
        role: "tabpanel",
        tabindex: "0",
        "aria-labelledby": `tab-${name}`,
        hidden: name !== app.view,
      },
      app.health && (name === app.view || app.visited.has(name)) ? (app.visited.add(name), drawn(app)) : null,
    ),
  );
}

// ---- learning of changes ---------------------------------------------------------------------------------------------

const pause = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

const visible = () =>
  new Promise((resume) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resume();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });

async function follow() {
  let revision = null;
  for (let failures = 0; ;) {
    await visible();
    try {
      if (revision === null) revision = (await get("health")).revision;
      else {
        const known = revision;
        revision = (await get("changes", {after: known})).revision;
        if (revision === known) continue;
      }
      await app.refresh();
      if (app.online === false) app.notice("The sandbox is back.");
      app.online = true;
      failures = 0;
      app.draw();
      await pause(BETWEEN);
    } catch (error) {
      revision = null;
      failures += 1;
      if (error instanceof Away) app.online = false;
      else app.notice(error.message, {bad: true});
      app.draw();
      await pause(Math.min(250 * 2 ** failures, 3000));
    }
  }
}

// ---- what the address remembers --------------------------------------------------------------------------------------

function remember() {
  const kept = new URLSearchParams({
    ...(app.phones.selected === null ? {} : {phone: app.phones.selected}),
    view: app.view,
  });
  history.replaceState(null, "", `#${kept}`);
}

function recall() {
  const kept = new URLSearchParams(location.hash.slice(1));
  if (Object.hasOwn(VIEWS, kept.get("view") ?? "")) app.view = kept.get("view");
  if (kept.get("phone")) app.phones.select(kept.get("phone").slice(0, 50));
}

recall();
app.draw();
setInterval(() => {
  if (!document.hidden && app.health && app.online) keepingFocus(() => draw(byId("clock"), clock()));
}, 1000);
follow();
