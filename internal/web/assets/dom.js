// Elements are made node by node: no text ever becomes markup, and the policy forbids it anyway.

const svgNames = new Set(["svg", "rect"]);

export function el(name, attributes = {}, ...children) {
  const node = svgNames.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export const find = (selector, root = document) => root.querySelector(selector);

// setText leaves text that is right alone, so that a screen reader does not read it again.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// refill keeps the focus on the link that had it.
export function refill(parent, children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  parent.replaceChildren(...children);
  if (focused) [...parent.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused)?.focus();
}

export const pad = (n) => String(n).padStart(2, "0");

export function clock(unix, withSeconds) {
  const at = new Date(unix * 1000);
  const text = `${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}`;
  return withSeconds ? `${text}:${pad(at.getUTCSeconds())}` : text;
}

export function quantity(v) {
  const prefixes = ["", " k", " M", " G", " T"];
  let i = 0;
  for (; v >= 999.5 && i < prefixes.length - 1; i++) v /= 1000;
  const digits = v >= 99.95 || Number.isInteger(v) ? 0 : v >= 9.995 ? 1 : 2;
  return v.toFixed(digits) + prefixes[i];
}

export function percent(part, whole) {
  const p = whole ? (100 * part) / whole : 0;
  return p > 0 && p < 0.1 ? "< 0.1 %" : `${p.toFixed(p > 0 && p < 9.95 ? 1 : 0)} %`;
}
