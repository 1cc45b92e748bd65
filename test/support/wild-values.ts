/** Texts and figures as programs, engines and machines may give them, for tests that nothing of it breaks a frame. */
import { between, pick, type Random } from './random.ts';

const PIECES = [
  'plain ascii text',
  '\u0000',
  '\u0001\u0007\u001b[31m\u001b]0;title\u0007',
  '\ud83d',
  '\ude80',
  '🚢🚀',
  'ß漢字\u200f\u202e',
  '\r\n\t',
  '"\\',
  '\u2028\u2029',
  '\uffff\ufffe',
] as const;
const LENGTHS = [0, 1, 10, 63, 511, 512, 513, 2_048, 4_096, 4_097, 16_385, 40_000] as const;

export function wildText(random: Random): string {
  const length = pick(random, LENGTHS);
  let text = '';
  while (text.length < length) {
    const piece = pick(random, PIECES);
    text += piece.repeat(random() < 0.2 ? between(random, 1, 2_000) : 1);
  }
  return text.slice(0, length);
}

export const wildFigure = (random: Random): number =>
  pick(random, [0, 1, -1, 0.5, -0.0001, 1.5, 2 ** 53, 2 ** 63, 1e300, Number.NaN, Number.POSITIVE_INFINITY]);
