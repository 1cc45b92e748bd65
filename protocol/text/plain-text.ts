/**
 * Text of an app or a host (its last output, for example) as it may stand in somebody's terminal. Pure. A container must
 * not be able to move the cursor, recolour what follows or reach the clipboard of whoever reads why it failed.
 */

// CSI (colours, cursor), OSC (titles, clipboard, links; ended by BEL or ST), and the two-character ones.
// eslint-disable-next-line no-control-regex -- the escape character is what is looked for
const ESCAPE_SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;
/** Control characters, and those that reorder text: what is shown must be what is there. */
const CONTROL = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
/** What JSON leaves as it is and a terminal may act on. */
const NOT_ESCAPED_BY_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Without escape sequences and other control characters; line breaks and tabs stay. */
export function plainText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(ESCAPE_SEQUENCE, '')
    .replaceAll(CONTROL, (char) => (char === '\n' || char === '\t' ? char : ''));
}

/** On one line: line breaks and tabs become spaces. */
export function plainLine(text: string): string {
  return plainText(text).replaceAll(/[\n\t]+/g, ' ');
}

/** JSON that says the same and holds nothing that a terminal acts on. */
export function plainJson(data: unknown, indent = 0): string {
  return JSON.stringify(data, null, indent).replaceAll(
    NOT_ESCAPED_BY_JSON,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
