import t from 'tap';
import { createWordCounter } from '../../../../examples/wordcount/word-counter.ts';

const options = { distinctWords: 100, frequentWords: 3 };

function count(...pieces: string[]) {
  const counter = createWordCounter(options);
  for (const piece of pieces) counter.add(piece);
  return counter.finish();
}

t.test('word counter: an empty text has nothing', (t) => {
  t.same(count(), { words: 0, lines: 0, characters: 0, frequent: [], exact: true });
  t.same(count('', ''), count());
  t.end();
});

t.test('word counter: words stand between white space, of any kind', (t) => {
  t.equal(count(' a\tb\u00a0c\u3000d\r\ne\n').words, 5);
  t.end();
});

t.test('word counter: a last line without an end is a line', (t) => {
  t.equal(count('one\ntwo').lines, 2);
  t.equal(count('one\ntwo\n').lines, 2);
  t.equal(count('\n\n').lines, 2);
  t.end();
});

t.test('word counter: frequent words are compared without case and punctuation, and sorted', (t) => {
  t.same(count('Fox, fox! "FOX" don\u2019t — the The').frequent, [
    { word: 'fox', count: 3, doubt: 0 },
    { word: 'the', count: 2, doubt: 0 },
    { word: 'don\u2019t', count: 1, doubt: 0 },
  ]);
  t.end();
});

t.test('word counter: it does not matter where a text is cut', (t) => {
  const text = 'Über den Wölken, \u{1f600} ein\nzweites  Wort\u{1f600}x\n';
  const whole = count(text);
  const characters = Array.from(text);

  t.equal(whole.characters, characters.length);
  for (let at = 0; at <= characters.length; at += 1) {
    t.same(count(characters.slice(0, at).join(''), characters.slice(at).join('')), whole);
  }
  t.same(count(...characters), whole);
  t.end();
});

t.test('word counter: a word too long to be kept counts once', (t) => {
  const long = 'x'.repeat(50);

  t.match(count(long, long, ' y'), { words: 2, frequent: [{ word: 'y', count: 1 }] });
  t.match(count(`${long}${long} y`), { words: 2, frequent: [{ word: 'y', count: 1 }] });
  t.end();
});
