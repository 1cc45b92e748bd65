import t from 'tap';
import {
  answerTable,
  changedLabels,
  EMPTY_TABLE,
  nextDeadlineMs,
  SINKHOLE,
  type AnswerTable,
} from '../../../../agent/ingress/answer-table.ts';
import type { RouteGroup } from '../../../../agent/ingress/route-groups.ts';

const group: RouteGroup = {
  key: 'k',
  host: 'shop.test',
  path: '/',
  tls: 'off',
  stripPrefix: false,
  graceMs: 0,
  sources: [
    { label: 'p80', port: 80, members: [{ service: 'a/web', weight: 3 }] },
    { label: 'p90', port: 90, members: [{ service: 'b/web', weight: 1 }] },
  ],
};

const table = (
  upstreams: Readonly<Record<string, readonly string[]>>,
  previous: AnswerTable = EMPTY_TABLE,
  nowMs = 0,
  holdMs = 1_000,
): AnswerTable => answerTable({ groups: [group], upstreams, previous, nowMs, holdMs });

t.test('answerTable: a group that nobody ever served is down, and cannot be dialled', (t) => {
  const { states, answers } = table({});

  t.same(states.get('k'), { kind: 'down' });
  t.same(
    [...answers],
    [
      ['p80', [SINKHOLE]],
      ['p90', [SINKHOLE]],
    ],
  );
  t.end();
});

t.test('answerTable: shares are kept over the ports of a group', (t) => {
  const { states, answers } = table({ 'a/web': ['10.0.0.2'], 'b/web': ['10.0.0.9'] });

  t.same(states.get('k'), { kind: 'live' });
  t.same(answers.get('p80'), ['10.0.0.2', '10.0.0.2', '10.0.0.2']);
  t.same(answers.get('p90'), ['10.0.0.9']);
  t.end();
});

t.test('answerTable: a port without an address has none while another serves', (t) => {
  t.same(table({ 'a/web': ['10.0.0.2'] }).answers.get('p90'), []);
  t.end();
});

t.test('answerTable: what was live is held for a while, then down', (t) => {
  const live = table({ 'a/web': ['10.0.0.2'] });
  const held = table({}, live, 5_000);
  t.same(held.states.get('k'), { kind: 'held', untilMs: 6_000 });
  t.same(held.answers.get('p80'), [], 'no address: Caddy asks the hold listener');
  t.equal(nextDeadlineMs(held), 6_000);

  const later = table({}, held, 5_900);
  t.same(later.states.get('k'), { kind: 'held', untilMs: 6_000 }, 'publishing again does not lengthen it');
  const down = table({}, later, 6_000);
  t.same(down.states.get('k'), { kind: 'down' });
  t.equal(nextDeadlineMs(down), null);
  t.same(table({ 'a/web': ['10.0.0.2'] }, held).states.get('k'), { kind: 'live' });
  t.end();
});

t.test('answerTable: nothing is held where holding is off', (t) => {
  t.same(table({}, table({ 'a/web': ['10.0.0.2'] }), 0, 0).states.get('k'), { kind: 'down' });
  t.end();
});

t.test('answerTable: the order of addresses is no change', (t) => {
  const before = table({ 'a/web': ['10.0.0.2', '10.0.0.3'] });

  t.same(changedLabels(before, table({ 'a/web': ['10.0.0.3', '10.0.0.2'] })), []);
  t.same(changedLabels(before, table({ 'a/web': ['10.0.0.3'] })), ['p80']);
  t.same(changedLabels(EMPTY_TABLE, before), ['p80', 'p90']);
  t.end();
});
