import t from 'tap';
import { parseLine } from '../../../../coordinator/console/line.ts';

t.test('parseLine: words, flags and quotes', (t) => {
  t.same(parseLine('  rollback  shop 3 --note="too slow" --rollback '), {
    words: ['rollback', 'shop', '3'],
    flags: { note: 'too slow', rollback: '' },
  });
  t.same(parseLine("host 'a b' ''"), { words: ['host', 'a b', ''], flags: {} });
  t.same(parseLine(''), { words: [], flags: {} });
  t.end();
});

t.test('parseLine: an open quote is an error that names it', (t) => {
  t.throws(() => parseLine('host "a'), { code: 'INPUT_INVALID', message: /"/ });
  t.end();
});
