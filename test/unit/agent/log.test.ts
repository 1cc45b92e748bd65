import t from 'tap';
import { lineLog } from '../../../agent/log.ts';

function lines(options: { readonly journal?: boolean; readonly level?: 'debug' | 'info' | 'warn' | 'error' }): {
  readonly log: ReturnType<typeof lineLog>;
  readonly written: string[];
} {
  const written: string[] = [];
  const log = lineLog({
    level: options.level ?? 'debug',
    journal: options.journal ?? false,
    now: () => 0,
    write: (line) => void written.push(line),
  });
  return { log, written };
}

t.test('lineLog: time, level, message and fields on one line', (t) => {
  const { log, written } = lines({});

  log.info('pulled\nimage', { app: 'shop', reason: 'a b', count: 3, none: null });

  t.same(written, ['1970-01-01T00:00:00.000Z info  pulled image app=shop reason="a b" count=3 none=null\n']);
  t.end();
});

t.test('lineLog: the journal gets a priority and keeps the time itself', (t) => {
  const { log, written } = lines({ journal: true });

  log.error('bad');
  log.debug('small');

  t.same(written, ['<3>bad\n', '<7>small\n']);
  t.end();
});

t.test('lineLog: lower levels are left out', (t) => {
  const { log, written } = lines({ level: 'warn' });

  log.debug('a');
  log.info('b');
  log.warn('c');

  t.equal(written.length, 1);
  t.end();
});

t.test('lineLog: what an engine or a peer said cannot drive a terminal', (t) => {
  const { log, written } = lines({ journal: true });

  log.warn('it said \u001b[2J\rgone', { host: '\u001b]0;x\u0007', name: 'a\u009bb' });

  t.same(written, ['<4>it said  gone host="\\u001b]0;x\\u0007" name="a\\u009bb"\n']);
  t.end();
});
