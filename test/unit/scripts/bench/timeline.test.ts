import t from 'tap';
import { parseActions, renderParts } from '../../../../scripts/bench/timeline.ts';

const log = [
  '2026-01-02T03:04:05.000Z info  connected url=ws://127.0.0.1:7500',
  '2026-01-02T03:04:06.500Z debug create bench/web/1 (i-0123456789ab) ms=120',
  '2026-01-02T03:04:07.000Z debug set restart policy unless-stopped on bench/web (i-0123456789ab) ms=30',
  '2026-01-02T03:04:07.100Z debug begin bench release 2 attempt 1 ms=4',
  '2026-01-02T03:04:07.200Z debug something without a time',
  '',
].join('\n');

t.test('parseActions: what an agent did, from when to when', (t) => {
  const at = (text: string): number => Date.parse(`2026-01-02T03:04:${text}Z`);
  t.strictSame(parseActions(log), [
    { name: 'create', beginAt: at('06.380'), endAt: at('06.500') },
    { name: 'set restart policy unless-stopped', beginAt: at('06.970'), endAt: at('07.000') },
    { name: 'begin', beginAt: at('07.096'), endAt: at('07.100') },
  ]);
  t.end();
});

t.test('renderParts: medians over rounds, in the order of their beginning', (t) => {
  const text = renderParts([
    [
      { name: 'late', beginMs: 100, endMs: 140 },
      { name: 'early', beginMs: 10, endMs: 20 },
    ],
    [
      { name: 'late', beginMs: 120, endMs: 180 },
      { name: 'early', beginMs: 10, endMs: 40 },
    ],
  ]);
  t.same(
    text.split('\n').map((line) => line.trim().split(/\s+/)),
    [
      ['part', 'begins', 'ends', 'takes'],
      ['early', '10', '30', '20'],
      ['late', '110', '160', '50'],
    ],
  );
  t.end();
});
