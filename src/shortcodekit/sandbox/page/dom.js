// What the page is drawn with: `h` describes an element, `draw` makes the children of one be as described.
//
// Only what differs is touched, and elements with a key are moved, not made anew: focus, selections, scroll positions and
// open details survive. Strings become text nodes; there is no way to put markup in, and no attribute that runs or loads
// anything can be set. A field with `saved` shows that value until somebody types, and then keeps what was typed.

const known = new WeakMap();
const FORBIDDEN = /^(on.*|href|src|srcdoc|style|action|formaction|xlink:href)$/i;
const FOCUSABLE = 'button:not([disabled]), summary, input, select, textarea, [tabindex="0"]';

export const h = (tag, props, ...children) => ({tag, props: props ?? {}, children});

export function draw(parent, ...children) {
  const wanted = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  const keys = new Set(wanted.map((child) => child.props?.key).filter((key) => key !== undefined));
  const keyed = new Map();
  for (const node of [...parent.childNodes]) {
    const key = known.get(node)?.key;
    if (key === undefined) continue;
    if (keys.has(key)) keyed.set(key, node);
    else node.remove();
  }
  let cursor = parent.firstChild;
  for (const want of wanted) {
    const node = found(want, cursor, keyed);
    if (node === cursor) cursor = cursor.nextSibling;
    else place(parent, node, cursor);
    if (want.tag) update(node, want);
    else if (node.data !== String(want)) node.data = String(want);
  }
  while (cursor) {
    const next = cursor.nextSibling;
    cursor.remove();
    cursor = next;
  }
}

function found(want, cursor, keyed) {
  if (!want.tag) return cursor?.nodeType === Node.TEXT_NODE ? cursor : document.createTextNode("");
  const {key} = want.props;
  const there = key === undefined ? cursor : keyed.get(key);
  const before = there && known.get(there);
  if (before && before.tag === want.tag && before.key === key) return there;
  const node = document.createElement(want.tag);
  known.set(node, {tag: want.tag, key, props: {}, on: {}});
  return node;
}

function place(parent, node, cursor) {
  if (node.isConnected && parent.moveBefore) parent.moveBefore(node, cursor);
  else parent.insertBefore(node, cursor);
}

function update(node, want) {
  const was = known.get(node);
  const {key, on = {}, saved, ...attributes} = want.props;
  for (const name of new Set([...Object.keys(was.props), ...Object.keys(attributes)])) {
    const value = attributes[name] ?? false;
    if (value === (was.props[name] ?? false)) continue;
    if (FORBIDDEN.test(name)) throw new Error(`${name} is not for this page`);
    if (value === false) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const type of Object.keys(on)) {
    if (!(type in was.on)) node.addEventListener(type, (event) => known.get(node).on[type]?.(event));
  }
  was.props = attributes;
  was.on = {...Object.fromEntries(Object.keys(was.on).map((type) => [type, null])), ...on};
  draw(node, ...want.children);
  if (saved !== undefined) keep(node, was, saved);
}

function keep(node, was, saved) {
  const property = node.type === "checkbox" ? "checked" : "value";
  if ((was.saved === undefined || node[property] === was.saved) && node[property] !== saved) node[property] = saved;
  was.saved = saved;
}

/** Whether somebody changed a field and did not save it. */
export function changed(node) {
  const was = known.get(node);
  return was?.saved !== undefined && node[node.type === "checkbox" ? "checked" : "value"] !== was.saved;
}

/** Draws, and sees to it that the focus is not lost with the element that had it. */
export function keepingFocus(drawing) {
  const active = document.activeElement;
  const around = [];
  for (let node = active; node && node !== document.body; node = node.parentElement) around.push(node);
  drawing();
  if (!active || active === document.body || (document.activeElement === active && !active.disabled)) return;
  if (active.isConnected && !active.disabled) return active.focus({preventScroll: true});
  for (const node of around.slice(1)) {
    if (!node.isConnected) continue;
    const next = node.querySelector(FOCUSABLE) ?? (node.tabIndex >= -1 && node.hasAttribute("tabindex") ? node : null);
    if (next) return next.focus({preventScroll: true});
  }
}

// ---- pieces that several views show ----------------------------------------------------------------------------------

/** A time as the sandbox gives it, in UTC, with seconds; `day` false leaves the day out. */
export function time(at, {day = true} = {}) {
  const shown = String(at)
    .slice(day ? 0 : 11, 19)
    .replace("T", " ");
  return h("time", {datetime: at, title: `${at} (UTC)`}, shown);
}

export const pill = (kind, ...children) => h("span", {class: `pill ${kind}`}, ...children);

export const unseen = (text) => h("span", {class: "unseen"}, text);

/** A text of unknown origin: its direction is its own. */
export const isolated = (text) => h("bdi", {}, String(text));

export const code = (text, props = {}) => h("pre", {dir: "ltr", tabindex: "0", ...props}, h("code", {}, String(text)));

/** What is said where there is nothing to show yet. */
export const nothing = (...children) => h("div", {class: "nothing", key: "nothing"}, ...children);

/** A table, which can be scrolled by keys as well where it is wider than its place. */
export const table = (label, columns, rows) =>
  h(
    "div",
    {class: "across", key: label, tabindex: "0", role: "group", "aria-label": label},
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map((name) => h("th", {scope: "col", key: name}, name)),
        ),
      ),
      h("tbody", {}, rows),
    ),
  );

export const field = (label, control, {wide = false} = {}) =>
  h("label", {class: wide ? "field wide" : "field", key: label}, h("span", {class: "name"}, label), control);

export const option = (value, label = value) => h("option", {value, key: value}, label);
