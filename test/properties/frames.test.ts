/**
 * Whatever the agent holds, and whatever programs, engines and the machine gave it to hold, becomes frames that the
 * coordinator takes whole: a host must not lock itself out by what it has to say.
 */
import t, { type Test } from 'tap';
import { systemClock } from '../../agent/clock.ts';
import type { ContainerObservation } from '../../agent/engine/container-engine.ts';
import { nextActions } from '../../agent/reconcile/next-actions.ts';
import type { InstanceHealth } from '../../agent/reconcile/observation.ts';
import { EventQueue } from '../../agent/report/event-queue.ts';
import { planReport } from '../../agent/report/plan-report.ts';
import type { Link } from '../../agent/session/connection.ts';
import { emptyJournal, type AppJournal } from '../../agent/state/app-journal.ts';
import { journalFileSchema } from '../../agent/state/journal-schema.ts';
import type { RunEntry } from '../../fleet/assignment.ts';
import { ERRORS, problem, type ErrorCode, type Problem } from '../../fleet/errors.ts';
import type { AgentMessage } from '../../protocol/agent-messages.ts';
import { decodeAgentMessage, encodeAgentMessage } from '../../protocol/codec.ts';
import { FRAME_LIMIT_BYTES } from '../../protocol/version.ts';
import { aRunEntry } from '../support/agent-entries.ts';
import { aContainer, aHealth, aRecord, instanceId, noFacts } from '../support/agent-planning.ts';
import { appName, hostId } from '../support/app-builders.ts';
import { between, pick, type Random, seededRandom, seeds } from '../support/random.ts';
import { wildFigure, wildText } from '../support/wild-values.ts';

const FIGURES = {
  cpu: 0.5,
  cores: 2,
  memoryTotalBytes: 1_000,
  memoryUsedBytes: 500,
  diskTotalBytes: 1_000,
  diskFreeBytes: 500,
  uptimeMs: 1_000,
  restartNeeded: false,
};

const CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** @returns the message as the coordinator has it */
function sent(t: Test, message: AgentMessage): AgentMessage | null {
  const { text, flaws } = encodeAgentMessage(message);
  t.same(flaws, [], 'nothing was left out');
  if (text === null) return null;
  t.ok(Buffer.byteLength(text) <= FRAME_LIMIT_BYTES, `${Buffer.byteLength(text)} bytes`);
  t.notMatch(text, /\\u0000|\\ud[89a-f][0-9a-f]{2}/, 'nothing that a database refuses');
  const decoded = decodeAgentMessage(text);
  t.match(decoded, { kind: 'message', flaws: [] });
  return decoded.kind === 'message' ? decoded.message : null;
}

/** As an agent of before wrote it: of any length. */
function wildProblem(random: Random): Problem {
  const code = pick(random, CODES);
  const text = (): string => wildText(random);
  const details = Array.from({ length: between(random, 0, 3) ** 6 }, () => ({
    path: text(),
    message: text().slice(0, 300),
    line: null,
    column: null,
  }));
  return random() < 0.5 ? problem(code, text(), { hint: text() }) : { code, message: text(), hint: text(), details };
}

function wildJournal(random: Random, entry: RunEntry, count: number): AppJournal {
  const records = Object.fromEntries(Array.from({ length: count }, (_, n) => [`web/${n + 1}`, aRecord(n)]));
  const state = pick(random, ['running', 'passed', 'failed'] as const);
  return {
    ...emptyJournal(entry.app),
    subnet: '10.213.0.0/24',
    committed: random() < 0.3 ? null : { release: 1, entry, instances: records },
    attempt: {
      entry,
      state,
      candidates: state === 'running' ? records : {},
      stopped: [],
      unwell: [],
      problem: state === 'failed' ? wildProblem(random) : null,
      failedService: state === 'failed' ? wildText(random) : null,
      budgetLeftMs: 600_000,
      retries: 0,
    },
  };
}

function wildContainer(random: Random, number: number): ContainerObservation {
  return aContainer(number, {
    replica: number + 1,
    state: pick(random, ['created', 'running', 'restarting', 'paused', 'exited', 'dead']),
    exitCode: pick(random, [null, 0, 1, 137, 255]),
    oomKilled: random() < 0.1,
    restartCount: between(random, 0, 1_000_000),
    startedAtMs: pick(random, [null, 1_000.25]),
    engineHealthDetail: wildText(random),
  });
}

function wildHealth(random: Random): InstanceHealth {
  const isUnhealthy = random() < 0.5;
  return aHealth({
    healthySinceMs: isUnhealthy ? null : 0,
    isUnhealthy,
    lastAnswer: random() < 0.1 ? null : wildText(random),
  });
}

for (const seed of seeds(30)) {
  t.test(`frames: a report of any journal and any containers, seed ${seed}`, (t) => {
    const random = seededRandom(seed);
    const count = pick(random, [0, 1, 3, 3, 3, 1_500]);
    const entry = aRunEntry({ release: 1, services: { web: { version: 'a', copies: count } } });
    const journal = wildJournal(random, entry, count);
    const containers = Array.from({ length: count }, (_, number) => wildContainer(random, number));
    const health = Object.fromEntries(containers.map((_, number) => [instanceId(number), wildHealth(random)]));
    const plan = nextActions({
      assignment: { host: hostId(1), epoch: 1, generation: 1, entries: [entry] },
      observation: { ...noFacts, engine: { ...noFacts.engine, containers }, health },
      journals: { [entry.app]: journal },
      rules: {
        host: hostId(1),
        subnetPool: '10.213.0.0/16',
        policy: () => (random() < 0.1 ? wildProblem(random) : null),
      },
      now: { wallMs: 1_000, monotonicMs: 1_000 },
    });
    const report = planReport(null, {
      apps: plan.apps,
      metrics: { ...FIGURES, cpu: pick(random, [0, 1, 1.5, -0.1]), memoryUsedBytes: pick(random, [-5, 0.5, 2 ** 60]) },
      status: wildText(random),
      secrets: { held: {}, changes: 0 },
      problems: [{ part: 'ingress', failing: random() < 0.5, text: wildText(random) }],
      nowMs: 0,
    });
    t.equal(report.kind, 'send');
    const received = report.kind === 'send' ? report.messages.map((message) => sent(t, message)) : [];
    const apps = received.flatMap((message) => (message?.kind === 'report' ? Object.keys(message.apps) : []));
    t.same(apps, Object.keys(plan.apps), 'every app is told');

    const file = journalFileSchema.safeParse(JSON.parse(JSON.stringify({ version: 1, journal })));
    t.ok(file.success, 'and the journal can be read again');
    t.end();
  });
}

t.test('frames: figures that are no numbers leave the apps of their report alone', (t) => {
  const random = seededRandom(7);
  for (let run = 0; run < 20; run += 1) {
    const metrics = { ...FIGURES, diskFreeBytes: wildFigure(random), cpu: wildFigure(random) };
    const { text } = encodeAgentMessage({ kind: 'report', seq: 1, full: true, apps: {}, metrics, status: null });
    t.match(decodeAgentMessage(text ?? ''), { kind: 'message', flaws: [] });
  }
  t.end();
});

t.test('frames: an event of any text', (t) => {
  const random = seededRandom(11);
  const queue = new EventQueue(systemClock);
  const link: Link = {
    session: 's',
    signal: new AbortController().signal,
    bufferedBytes: 0,
    send: (message) => void sent(t, message),
    sendData: async () => undefined,
  };
  queue.attach(link);
  for (let run = 0; run < 100; run += 1) queue.add(wildText(random), appName('web'), wildText(random));
  t.end();
});

t.test('frames: an answer with any problem', (t) => {
  const random = seededRandom(13);
  for (let run = 0; run < 50; run += 1) {
    sent(t, { kind: 'assignment-refused', epoch: 1, generation: 1, problem: wildProblem(random) });
    sent(t, { kind: 'stream-end', stream: 's', exitCode: -1, problem: wildProblem(random) });
    sent(t, { kind: 'resolved', request: 'r', digest: null, problem: wildProblem(random) });
  }
  t.end();
});
