/** The short form of a published port: `[IP:][HOST:]CONTAINER[/PROTOCOL]`, each port possibly a range. */

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export interface PortText {
  readonly hostIp: string | null;
  readonly host: PortRange | null;
  readonly container: PortRange;
  readonly protocol: string;
}

/** Null where the text has another form or a port is outside 1 to 65535. */
export function parsePortText(text: string): PortText | null {
  const [rest = '', protocol = 'tcp', ...more] = text.split('/');
  const bracketed = /^\[([^\]]+)\]:(.*)$/.exec(rest);
  const parts = (bracketed?.[2] ?? rest).split(':');
  const address = bracketed?.[1] ?? (parts.length === 3 ? parts.shift() : null) ?? null;
  const containerText = parts.pop() ?? '';
  const hostText = parts.pop() ?? '';
  if (parts.length > 0 || more.length > 0) return null;
  if (address !== null && !isIpAddress(address)) return null;
  const container = parsePortRange(containerText);
  const host = hostText === '' ? null : parsePortRange(hostText);
  if (container === null || (hostText !== '' && host === null)) return null;
  return { hostIp: address, host, container, protocol };
}

/** `80` or `8000-8010`; null outside 1 to 65535 or where it runs backwards. */
export function parsePortRange(text: string): PortRange | null {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return null;
  const from = Number(match[1]);
  const to = match[2] === undefined ? from : Number(match[2]);
  return from >= 1 && to <= 65_535 && from <= to ? { from, to } : null;
}

const isIp4 = (text: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255);

export function isIpAddress(text: string): boolean {
  return isIp4(text) || (text.includes(':') && /^[0-9a-fA-F:.]+$/.test(text) && text.length <= 45);
}
