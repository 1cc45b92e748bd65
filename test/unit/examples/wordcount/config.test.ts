import t from 'tap';
import { parseWordcountConfig } from '../../../../examples/wordcount/config.ts';

t.test('wordcount config: has a default for everything', (t) => {
  t.match(parseWordcountConfig({}), { port: 8080, version: '1', unhealthy: false });
  t.end();
});

t.test('wordcount config: names every mistake at once', (t) => {
  t.throws(() => parseWordcountConfig({ PORT: 'http', WORDCOUNT_MAX_BYTES: '-1' }), {
    message: /PORT must be .* "http"\nWORDCOUNT_MAX_BYTES must be .* "-1"/,
  });
  t.end();
});
