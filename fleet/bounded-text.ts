/**
 * How a text that somebody else wrote (a program's output, an engine's answer, a file) is made to fit where it goes.
 * Every report, event, problem and log line takes such texts through here, where it is made: what is too long is cut
 * with a mark that stays visible, never refused. The result is well-formed Unicode without NUL, which PostgreSQL
 * refuses to store.
 */
const REPLACEMENT = '\ufffd';

/**
 * @param most length of the result in UTF-16 code units, as `length` and the schemas count
 * @param kept which end matters: the head of a message, the tail of an output
 * @param before characters that were cut from the text already
 */
export function boundedText(text: string, most: number, kept: 'head' | 'tail' = 'head', before = 0): string {
  const whole = storableText(text);
  if (whole.length <= most && before === 0) return whole;
  // The mark is longest where everything is cut.
  const room = most - mark(whole.length + before, kept).length;
  if (room <= 0) return head(whole, most);
  const part = kept === 'head' ? head(whole, room) : tail(whole, Math.min(room, whole.length));
  const cut = mark(codePoints(whole) - codePoints(part) + before, kept);
  return kept === 'head' ? `${part}${cut}` : `${cut}${part}`;
}

/** Lone halves of surrogate pairs and NUL become U+FFFD; other control characters stay. */
export function storableText(text: string): string {
  return text.replaceAll('\u0000', REPLACEMENT).replaceAll(/\p{Cs}/gu, REPLACEMENT);
}

function mark(count: number, kept: 'head' | 'tail'): string {
  const cut = `[${withThousands(count)} more characters]`;
  return kept === 'head' ? `… ${cut}` : `${cut} …`;
}

/** Neither end begins or ends within a surrogate pair. */
function head(text: string, length: number): string {
  return text.slice(0, isLowSurrogate(text, length) ? length - 1 : length);
}

function tail(text: string, length: number): string {
  const start = text.length - length;
  return text.slice(isLowSurrogate(text, start) ? start + 1 : start);
}

function codePoints(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index += 1) if (!isLowSurrogate(text, index)) count += 1;
  return count;
}

function isLowSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function withThousands(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
