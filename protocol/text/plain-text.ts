/**
 * Text of an app or a host (its last output, for example) as it may stand in somebody's terminal. Pure. A container must
 * not be able to move the cursor, recolour what follows or reach the clipboard of whoever reads why it failed.
 */

// CSI (colours, cursor), OSC (titles, clipboard, links; ended by BEL or ST), and the two-character ones.
// eslint-disable-next-line no-control-regex -- the escape character is what is looked for
const ESCAPE_SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;
const CONTROL = /\p{Cc}/gu;

/** Without escape sequences and other control characters; line breaks and tabs stay. */
export function plainText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(ESCAPE_SEQUENCE, '')
    .replaceAll(CONTROL, (char) => (char === '\n' || char === '\t' ? char : ''));
}
