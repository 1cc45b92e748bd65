import t from 'tap';
import type { AgentMessageOf } from '../../../protocol/agent-messages.ts';
import { decodeAgentMessage, decodeCoordinatorMessage, encode, encodeAgentMessage } from '../../../protocol/codec.ts';
import { UNPROVEN_BOUNDS } from '../../../protocol/json-bounds.ts';
import { FRAME_LIMIT_BYTES, chooseVersion } from '../../../protocol/version.ts';
import { anAppReport, anAttempt, anInstanceReport, appName, hostId } from '../../support/app-builders.ts';
import { aPolicy } from '../../support/host-policy.ts';

const aReport = (fields: Partial<AgentMessageOf<'report'>>): AgentMessageOf<'report'> => ({
  kind: 'report',
  seq: 1,
  full: true,
  apps: {},
  metrics: null,
  status: null,
  ...fields,
});

t.test('decode: what was encoded comes back', (t) => {
  const message = { kind: 'due', app: 'shop', scheduledAt: 5 };

  t.match(decodeAgentMessage(JSON.stringify(message)), { kind: 'message', message });
  t.match(decodeCoordinatorMessage(encode({ kind: 'heartbeat' })), { kind: 'message', message: { kind: 'heartbeat' } });
  t.end();
});

t.test('decode: unknown keys are ignored, unknown kinds are named (a newer side must not break us)', (t) => {
  t.match(decodeAgentMessage('{"kind":"heartbeat","mood":"good"}'), { kind: 'message' });
  t.same(decodeAgentMessage('{"kind":"dance"}'), { kind: 'unsupported', of: 'dance' });
  t.same(decodeAgentMessage(`{"kind":"${'x'.repeat(500)}"}`), { kind: 'unsupported', of: 'x'.repeat(64) });
  t.end();
});

t.test('decode: no JSON, no kind, a wrong form and a frame too large are values, never exceptions', (t) => {
  const frames = [
    '',
    '{',
    'null',
    '[]',
    '{"kind":7}',
    '{"kind":"due"}',
    '{"kind":"due","app":"NOT OK","scheduledAt":1}',
    'x'.repeat(FRAME_LIMIT_BYTES + 1),
  ];

  for (const frame of frames)
    t.match(decodeAgentMessage(frame), { kind: 'invalid', problem: { code: 'FRAME_INVALID' } }, frame.slice(0, 40));
  t.end();
});

t.test('decode: a hello without a policy, or with one that cannot be read, is a hello', (t) => {
  const hello = {
    kind: 'hello',
    host: hostId(1),
    signature: 'AAAA',
    process: 'process-1',
    protocol: { min: 1, max: 1 },
    capabilities: [],
    agentVersion: '1',
    platform: 'linux/amd64',
    engineVersion: '27',
    order: { epoch: 0, generation: 0, hash: '' },
    secrets: {},
    registries: [],
    labels: {},
    ingress: null,
  };
  const policyOf = (fields: object): unknown => {
    const decoded = decodeAgentMessage(JSON.stringify({ ...hello, ...fields }));
    return decoded.kind === 'message' && decoded.message.kind === 'hello' ? (decoded.message.policy ?? null) : decoded;
  };
  t.same(policyOf({ policy: aPolicy() }), aPolicy());
  t.equal(policyOf({}), null, 'an older agent');
  t.equal(policyOf({ policy: { privileged: 'sometimes' } }), null);
  const guarded = { ...aPolicy().guarded, dataDir: `/${'x'.repeat(4_096)}` };
  t.equal(policyOf({ policy: aPolicy({ guarded }) }), null, 'a path that is too long');
  t.end();
});

t.test('decode: a problem with a code of a newer side keeps its message', (t) => {
  const frame = JSON.stringify({
    kind: 'refused',
    retryAfterMs: null,
    problem: { code: 'MOON_MISSING', message: 'no moon', hint: 'wait', details: [] },
  });

  t.match(decodeCoordinatorMessage(frame), { message: { problem: { code: 'INTERNAL', message: 'no moon' } } });
  t.end();
});

t.test('decode: a text that is too long is cut with a mark, also of an agent that does not cut it itself', (t) => {
  const web = anAppReport({ waiting: 'x'.repeat(5_000) });

  const decoded = decodeAgentMessage(JSON.stringify(aReport({ apps: { web }, status: 'y'.repeat(5_000) })));

  t.match(decoded, { message: { apps: { web: { waiting: /^x+… \[\d,\d{3} more characters\]$/ } } }, flaws: [] });
  t.match(decoded, { message: { status: /^y+… \[4,\d{3} more characters\]$/ } });
  t.end();
});

t.test('decode: one bad part of a report is left out, the others count', (t) => {
  const good = anInstanceReport({ id: 'i-00000000000a' });
  const web = { ...anAppReport({ instances: [good] }), attempt: { ...anAttempt(), state: 'hovering' } };
  const db = anAppReport({ app: appName('db'), instances: [good, { ...good, restarts: -1 }] });
  const cache = anAppReport({ app: appName('cache') });
  const apps = { web, db, cache, old: null };

  const decoded = decodeAgentMessage(JSON.stringify({ ...aReport({}), apps, metrics: { cpu: 'hot' } }));

  t.match(decoded, { kind: 'message', message: { kind: 'report', unreadable: ['web'], metrics: null } });
  t.match(decoded, { message: { apps: { db: { instances: [good] }, cache, old: null } } });
  t.match(decoded, { flaws: [/^apps.web.attempt.state: /, /^apps.db.instances.1.restarts: /, /^metrics.cpu: /] });
  t.end();
});

t.test('decode: a report without its number is none', (t) => {
  t.match(decodeAgentMessage('{"kind":"report","seq":-1,"full":true,"apps":{}}'), { kind: 'invalid', of: 'report' });
  t.end();
});

t.test('encode: what an agent cannot say is left out before it is sent', (t) => {
  const web = anAppReport({ instances: [anInstanceReport({ restarts: 0.5 }), anInstanceReport({ restarts: 2 })] });

  const { text, flaws } = encodeAgentMessage(aReport({ apps: { web } }));

  t.match(decodeAgentMessage(text ?? ''), { message: { apps: { web: { instances: [{ restarts: 2 }] } } }, flaws: [] });
  t.match(flaws, [/^apps.web.instances.0.restarts: /]);
  t.match(encodeAgentMessage({ kind: 'due', app: appName('web'), scheduledAt: -1 }), { text: null, flaws: [/^due/] });
  t.end();
});

t.test('encode: a report of many apps that all have much to say fits a frame', (t) => {
  const instances = Array.from({ length: 200 }, () => anInstanceReport({ detail: '\u0001'.repeat(2_048) }));
  const names = Array.from({ length: 3 }, (_, index) => `app${index}`);
  const apps = Object.fromEntries(names.map((name) => [name, anAppReport({ app: appName(name), instances })]));

  const { text, flaws } = encodeAgentMessage(aReport({ apps }));

  t.same(flaws, []);
  t.ok(Buffer.byteLength(text ?? '') <= FRAME_LIMIT_BYTES);
  const decoded = decodeAgentMessage(text ?? '');
  t.same(decoded.kind === 'message' && decoded.message.kind === 'report' && Object.keys(decoded.message.apps), names);
  t.end();
});

t.test('chooseVersion: the highest in common, or none', (t) => {
  t.equal(chooseVersion({ min: 1, max: 3 }, { min: 2, max: 5 }), 3);
  t.equal(chooseVersion({ min: 1, max: 1 }, { min: 2, max: 5 }), null);
  t.equal(chooseVersion({ min: 2, max: 2 }, { min: 2, max: 2 }), 2);
  t.end();
});

t.test('encode: a hello is small enough to be read before it is proven; what can be sent again is left out', (t) => {
  const hello = (secrets: number, registries: number): AgentMessageOf<'hello'> => ({
    kind: 'hello',
    host: hostId(1),
    signature: 'AAAA',
    process: 'process-1',
    protocol: { min: 1, max: 1 },
    capabilities: [],
    agentVersion: '1',
    platform: 'linux/amd64',
    engineVersion: '27',
    order: { epoch: 1, generation: 2, hash: 'h' },
    secrets: Object.fromEntries(Array.from({ length: secrets }, (_, index) => [`shop/secret-${index}`, 1])),
    registries: Array.from({ length: registries }, (_, index) => `r${index}.example`),
    labels: Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`label-${index}`, 'x'.repeat(120)])),
    ingress: null,
  });
  const sent = (message: AgentMessageOf<'hello'>): unknown => {
    const { text } = encodeAgentMessage(message);
    return decodeAgentMessage(text ?? '', UNPROVEN_BOUNDS);
  };

  t.match(sent(hello(2, 1)), { message: { secrets: { 'shop/secret-1': 1 }, registries: ['r0.example'] } });
  t.match(sent(hello(3_000, 1)), { message: { secrets: {}, labels: { 'label-0': /x/ }, registries: ['r0.example'] } });
  t.match(sent(hello(3_000, 3_000)), { message: { labels: { 'label-0': /x/ }, registries: [] } });
  t.match(decodeAgentMessage(JSON.stringify(hello(3_000, 1)), UNPROVEN_BOUNDS), { kind: 'invalid', of: null });
  t.end();
});
