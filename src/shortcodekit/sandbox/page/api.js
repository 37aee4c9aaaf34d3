// The sandbox's control API, and lists that are read in pages.

export class Refused extends Error {}
export class Away extends Error {}

/** One call: what was answered; `Refused` with the reason, or `Away` when the sandbox does not answer. */
export async function call(method, path, body, {seconds = 30} = {}) {
  let answer, document;
  try {
    answer = await fetch(`/_sandbox/${path}`, {
      method,
      cache: "no-store",
      headers: body === undefined ? {} : {"Content-Type": "application/json"},
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(seconds * 1000),
    });
    document = answer.status === 204 ? null : await answer.json();
  } catch (error) {
    throw new Away(`the sandbox does not answer (${error.message})`);
  }
  if (!answer.ok) throw new Refused(document?.detail ?? `HTTP ${answer.status}`);
  return document;
}

export const get = (path, parameters = {}) => {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined));
  return call("GET", query.size ? `${path}?${query}` : path);
};

const PAGE = 100;
const KEPT_FRESH = 500;

/** A list that is longer than what is shown of it: newest first, older ones on demand. */
export class Pages {
  constructor(path, parameters = {}) {
    this.path = path;
    this.parameters = parameters;
    this.items = [];
    this.more = false;
  }

  /** Reads the newest again. What was loaded before them stays, unless there is a gap between. */
  async refresh() {
    const limit = Math.min(Math.max(PAGE, this.items.length), KEPT_FRESH);
    const before = this.items;
    const fresh = await get(this.path, {...this.parameters, limit});
    if (before !== this.items) return; // older ones came meanwhile; the next change brings these again
    const oldest = fresh.at(-1)?.id ?? 0;
    const full = fresh.length === limit;
    const joined = full && before.length > 0 && before[0].id >= oldest;
    const older = joined ? before.filter((item) => item.id < oldest) : [];
    if (!older.length) this.more = full;
    this.items = [...fresh, ...older];
  }

  async older() {
    const last = this.items.at(-1);
    if (!last) return;
    const page = await get(this.path, {...this.parameters, limit: PAGE, before: last.id});
    if (this.items.at(-1) !== last && this.items.at(-1)?.id !== last.id) return;
    this.items = [...this.items, ...page];
    this.more = page.length === PAGE;
  }
}
