import t from 'tap';
import { boundedDetails } from '../../../fleet/bounded-problem.ts';
import { boundedText } from '../../../fleet/bounded-text.ts';
import { LongshoreError, problem } from '../../../fleet/errors.ts';
import { LIST_LIMITS, TEXT_LIMITS } from '../../../fleet/limits.ts';

t.test('boundedText: what fits stays as it is', (t) => {
  t.equal(boundedText('fine', 4), 'fine');
  t.equal(boundedText('', 0), '');
  t.end();
});

t.test('boundedText: what is too long is cut with a mark that counts the rest', (t) => {
  const text = `begin${'x'.repeat(1_500)}end`;

  const head = boundedText(text, 300);
  t.match(head, /^beginx+… \[1,2\d\d more characters\]$/);
  t.ok(head.length <= 300);

  const tail = boundedText(text, 300, 'tail');
  t.match(tail, /^\[1,2\d\d more characters\] …x+end$/);
  t.ok(tail.length <= 300);
  t.end();
});

t.test('boundedText: the count is right, in code points', (t) => {
  const text = '🚢'.repeat(1_000);
  const cut = boundedText(text, 100);
  const left = Number(/\[([\d,]+) more/.exec(cut)?.[1]?.replaceAll(',', ''));
  t.equal(left + (cut.match(/🚢/gu)?.length ?? 0), 1_000);
  t.end();
});

t.test('boundedText: never cuts a character in two, whichever end is kept', (t) => {
  for (let most = 0; most < 80; most += 1) {
    for (const kept of ['head', 'tail'] as const) {
      const cut = boundedText(`a${'🚢'.repeat(100)}`, most, kept);
      t.ok(cut.length <= most, `${cut.length} of ${most}`);
      t.notMatch(cut, /\p{Cs}/u);
    }
  }
  t.end();
});

t.test('boundedText: no NUL and no half of a character is left, which a database refuses', (t) => {
  t.equal(boundedText('a\u0000b\ud800c\udc00d', 10), 'a\ufffdb\ufffdc\ufffdd');
  t.end();
});

t.test('boundedText: what was cut before is counted with the rest', (t) => {
  t.equal(boundedText('the end', 60, 'tail', 5_000), '[5,000 more characters] …the end');
  t.end();
});

t.test('problem: texts of any length fit, however they came about', (t) => {
  const long = 'x'.repeat(100_000);
  const details = Array.from({ length: 3_000 }, (_, index) => ({
    path: `services.web.ports[${index}]`,
    message: long,
    line: null,
    column: null,
  }));
  for (const made of [
    problem('INTERNAL', long, { hint: long, details }),
    new LongshoreError('INTERNAL', long).problem,
  ]) {
    t.ok(made.message.length <= TEXT_LIMITS.problemMessage);
    t.ok(made.hint.length <= TEXT_LIMITS.problemHint);
    t.ok(made.details.length <= LIST_LIMITS.problemDetails);
  }
  t.end();
});

t.test('boundedDetails: the last one says how many more there are', (t) => {
  const details = Array.from({ length: 1_234 }, () => ({ path: 'x', message: 'y', line: null, column: null }));

  const bounded = boundedDetails(details);

  t.equal(bounded.length, 1_000);
  t.match(bounded.at(-1), { message: '… [235 more]' });
  t.same(boundedDetails(bounded), bounded, 'bounding again changes nothing');
  t.end();
});
