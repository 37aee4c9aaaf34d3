// What is known of the phones: the list, the one that is held, its messages, and what is being written on each.

import {call, get, Pages} from "./api.js";

/** The channels that a phone can text by. */
export const CHANNELS = {
  sms: "SMS",
  mms: "MMS",
  whatsapp: "WhatsApp",
  viber_service_msg: "Viber",
  messenger: "Messenger",
};

export class Known {
  list = [];
  picked = new Set();
  selected = null;
  messages = new Pages("messages");
  drafts = new Map();
  seen = new Map();
  ways = new Map();
  wanted = 100;
  newest = null;
  loadedOlder = false;

  constructor(app) {
    this.app = app;
  }

  get more() {
    return this.list.length >= this.wanted;
  }

  async refresh() {
    const {messages} = this;
    const [list, latest] = await Promise.all([
      get("phones", {limit: this.wanted}),
      get("messages", {limit: 20}),
      this.selected === null ? null : messages.refresh(),
    ]);
    this.list = list;
    const {selected} = this;
    if (selected !== null && !this.messages.items.length && !this.picked.has(selected) && !this.#listed(selected)) {
      this.selected = null; // it was forgotten by a reset
    }
    if (this.selected === null && list.length) {
      this.select(list[0].msisdn);
      await this.messages.refresh();
    }
    for (const {msisdn, last} of list) {
      if (msisdn === this.selected) this.seen.set(msisdn, last.id);
      else if (!(last.id >= this.seen.get(msisdn))) this.seen.set(msisdn, this.newest === null ? last.id : 0);
    }
    this.#announce(latest);
  }

  #announce(latest) {
    const newest = latest[0]?.id ?? 0;
    if (this.newest !== null && newest > this.newest) {
      this.app.announce(latest.filter((message) => message.id > this.newest));
    }
    this.newest = newest;
  }

  select(msisdn) {
    if (msisdn === this.selected) return;
    this.selected = msisdn;
    this.messages = new Pages("messages", {msisdn});
    const last = this.list.find((phone) => phone.msisdn === msisdn)?.last;
    if (last) this.seen.set(msisdn, last.id);
    else this.picked.add(msisdn);
  }

  #listed(msisdn) {
    return this.list.some((phone) => phone.msisdn === msisdn);
  }

  forget() {
    this.selected = null;
    this.messages = new Pages("messages");
    this.picked.clear();
    this.seen.clear();
    this.ways.clear();
    this.drafts.clear();
    this.newest = 0;
  }

  showMore() {
    this.wanted = Math.min(this.wanted + 100, 10000);
    return this.app.attempt(() => this.app.refresh());
  }

  older() {
    return this.app.attempt(async () => {
      await this.messages.older();
      this.loadedOlder = true;
      this.app.draw();
    });
  }

  /** How a phone texts: by which channel, to whom; as people do, it goes on with whoever it wrote with last there. */
  way(msisdn) {
    const {channel: chosen, to = null} = this.ways.get(msisdn) ?? {};
    const {items} = this.messages;
    const last = items[0]?.channel;
    const channel = chosen ?? (last in CHANNELS ? last : "sms");
    const senders = [
      ...new Set(items.filter((message) => message.channel === channel).map((message) => message.sender)),
    ];
    const shortCode = this.app.settings?.short_code;
    if (channel === "sms" && shortCode && !senders.includes(shortCode)) senders.push(shortCode);
    return {channel, to, senders, usual: senders[0] ?? "the account"};
  }

  by(msisdn, channel) {
    this.ways.set(msisdn, {channel});
    this.app.draw();
  }

  to(msisdn, to) {
    this.ways.set(msisdn, {...this.ways.get(msisdn), to: to || null});
    this.app.draw();
  }

  /** Texts from a phone; whether it was sent. */
  text(msisdn, text) {
    const {channel, to, senders} = this.way(msisdn);
    return this.app.attempt(async () => {
      const whom = to ?? senders[0];
      await call("POST", `phones/${encodeURIComponent(msisdn)}/texts`, {text, channel, ...(whom ? {to: whom} : {})});
      await this.app.refresh();
      return true;
    });
  }
}
