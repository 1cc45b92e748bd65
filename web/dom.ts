/** Elements from data. Text goes in as text nodes only, so nothing that a host or an app says becomes markup. */
export type Child = Node | string | null;

interface Attributes {
  readonly class?: string;
  readonly href?: string;
  readonly [name: `data-${string}` | `aria-${string}`]: string;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/** A link that leaves the page; other schemes than http(s) are shown as text. */
export function link(url: string): Node {
  if (!/^https?:\/\//.test(url)) return document.createTextNode(url);
  const anchor = h('a', { href: url, 'data-key': `link ${url}` }, url.replace(/^https?:\/\//, ''));
  anchor.rel = 'noreferrer';
  anchor.target = '_blank';
  return anchor;
}

/** Replaces what stands in `parent`, and gives the focus back to the element with the same `data-key`. */
export function show(parent: Element, ...children: readonly Node[]): void {
  const focused =
    document.activeElement instanceof HTMLElement && parent.contains(document.activeElement)
      ? document.activeElement.dataset['key']
      : undefined;
  parent.replaceChildren(...children);
  if (focused === undefined) return;
  for (const element of parent.querySelectorAll<HTMLElement>('[data-key]'))
    if (element.dataset['key'] === focused) element.focus();
}

/** The element that index.html has under this id. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return element;
}
