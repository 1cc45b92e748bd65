import t from 'tap';
import { createWordTable } from '../../../../examples/wordcount/word-table.ts';

t.test('word table: exact while the words fit', (t) => {
  const table = createWordTable(10);
  for (const word of ['b', 'a', 'b', 'c']) table.add(word);

  t.equal(table.exact, true);
  t.same(
    table.top(2).map(({ word, count }) => `${word} ${count}`),
    ['b 2', 'a 1'],
  );
  t.end();
});

t.test('word table: beyond that the true number lies between count and count + doubt', (t) => {
  const table = createWordTable(20);
  const truth = new Map<string, number>();
  const add = (word: string): void => {
    truth.set(word, (truth.get(word) ?? 0) + 1);
    table.add(word);
  };
  for (let round = 0; round < 2_000; round += 1) {
    add('often');
    if (round % 3 === 0) add('sometimes');
    add(`rare-${(round * 7919) % 700}`);
  }

  t.equal(table.exact, false);
  const top = table.top(20);
  t.equal(top[0]?.word, 'often');
  for (const { word, count, doubt } of top) {
    const actual = truth.get(word) ?? 0;
    t.ok(count <= actual && actual <= count + doubt, `${word}: ${count} <= ${actual} <= ${count + doubt}`);
  }
  t.end();
});
