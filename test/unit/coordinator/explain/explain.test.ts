import t from 'tap';
import type { Deployment } from '../../../../fleet/deployment.ts';
import { problem } from '../../../../fleet/errors.ts';
import type { AppFacts } from '../../../../coordinator/explain/app-obstacles.ts';
import { explain, type ExplainFacts } from '../../../../coordinator/explain/explain.ts';
import {
  aDeployment,
  aStep,
  anAppReport,
  anAttempt,
  appName,
  deploymentId,
  hostId,
} from '../../../support/app-builders.ts';
import { aRefusal } from '../../../support/live-host.ts';

const target = {
  kind: 'run',
  host: hostId(1),
  app: appName('web'),
  release: 2,
  deployment: deploymentId(2),
  attempt: 1,
  rollback: false,
  replicas: { web: 1 },
} as const;
const app = (fields: Partial<AppFacts> = {}): AppFacts => ({
  app: appName('web'),
  target,
  report: null,
  succeeded: 2,
  deployment: null,
  step: null,
  ...fields,
});
const inDeployment = (fields: Partial<Deployment>): Pick<AppFacts, 'deployment' | 'step'> => {
  const deployment = aDeployment(fields);
  return { deployment, step: deployment.steps[0] ?? null };
};
const facts = (fields: Partial<ExplainFacts> = {}): ExplainFacts => ({
  name: 'a',
  availability: 'active',
  connected: true,
  connectedChangedAt: 100,
  lastSeenAt: 200,
  enrolledAt: 50,
  asking: [],
  refusal: null,
  problems: [],
  waitsForRestore: false,
  restartNeeded: false,
  apps: [],
  ...fields,
});
const attempt = (fields: Parameters<typeof anAttempt>[0], report: Parameters<typeof anAppReport>[0] = {}) =>
  app({ report: anAppReport({ attempt: anAttempt(fields), ...report }) });
const passed = attempt({ state: 'passed' }, { release: 2, converged: true });

const once = {
  host: hostId(1),
  services: ['migrate'],
  attempt: 1,
  state: 'running',
  before: null,
  changedAt: 7,
} as const;

const conflicting = aRefusal({
  problem: problem('GENERATION_CONFLICT', 'it holds assignment 3.7, which this data never gave'),
});

const CASES: readonly (readonly [string, ExplainFacts, RegExp, object?])[] = [
  [
    'machines that ask to be this host',
    facts({
      connected: false,
      asking: [
        { machine: 'machine a with key 1', command: 'adopt a --key 1' },
        { machine: 'machine b with key 2', command: 'adopt a --key 2' },
      ],
    }),
    /not connected, and 2 machines ask to be it: machine a with key 1; machine b with key 2/,
    { next: /run `adopt a --key 1` or `adopt a --key 2`/ },
  ],
  [
    'running what runs once for the deployment',
    facts({
      apps: [
        {
          ...attempt({ state: 'gating' }, { waiting: 'migrate/1 has to complete' }),
          target: { ...target, onlyOnce: true },
          deployment: aDeployment({ id: deploymentId(2), state: 'rolling', once }),
        },
      ],
    }),
    /a runs migrate of web once for deployment d-0000000000000002: migrate\/1 has to complete/,
    { since: 7, next: /if it fails, the deployment ends and nothing has moved/ },
  ],
  [
    'waiting for what runs once on another host',
    facts({
      apps: [
        {
          ...passed,
          ...inDeployment({
            id: deploymentId(3),
            state: 'rolling',
            waves: 2,
            once,
            steps: [aStep({ state: 'waiting' })],
          }),
        },
      ],
    }),
    /waits for its turn: .*; migrate runs once before the first wave/,
  ],
  [
    'never connected',
    facts({ connected: false, connectedChangedAt: null, lastSeenAt: null }),
    /enrolled and its agent has never connected/,
    { since: 50 },
  ],
  [
    'not connected',
    facts({ connected: false, apps: [app()] }),
    /not connected/,
    { since: 100, next: /goes on with web/ },
  ],
  [
    'not connected since before this coordinator',
    facts({ connected: false, connectedChangedAt: null }),
    /not connected/,
    { since: 200 },
  ],
  [
    'a restore that waits',
    facts({ refusal: conflicting, waitsForRestore: true }),
    /keeps what it has[\s\S]*never gave/,
    { next: /longshore doctor --confirm-restore/ },
  ],
  [
    'refused assignment',
    facts({ refusal: aRefusal() }),
    /does not take its assignment: it cannot do/,
    { next: /when its targets change/ },
  ],
  [
    'refused, and perhaps taken later',
    facts({ refusal: aRefusal({ problem: problem('NO_SPACE', 'the disk is full'), isSentAgain: true }) }),
    /does not take its assignment: the disk is full/,
    { next: /by itself/ },
  ],
  [
    'failed, with the reason and what serves',
    facts({
      apps: [attempt({ state: 'failed', problem: problem('NEVER_HEALTHY', 'GET /healthz: 500') }, { release: 1 })],
    }),
    /release 2 failed on a \(attempt 1\), release 1 serves: GET \/healthz: 500/,
    { next: /next deployment/ },
  ],
  [
    'failed, and the deployment is paused',
    facts({ apps: [{ ...attempt({ state: 'failed' }), deployment: aDeployment({ state: 'paused' }) }] }),
    /nothing of it runs/,
    { next: /waits for a person/ },
  ],
  [
    'pulling',
    facts({ apps: [attempt({ state: 'pulling' }, { waiting: 'pulling web 3/7 layers' })] }),
    /on its way to web release 2: pulling web 3\/7 layers/,
  ],
  [
    'waiting for health',
    facts({
      apps: [
        {
          ...attempt({ state: 'gating' }, { waiting: 'web: 503 from /healthz' }),
          ...inDeployment({ state: 'rolling', steps: [aStep({ state: 'moving', changedAt: 77 })] }),
        },
      ],
    }),
    /503 from \/healthz/,
    { since: 77 },
  ],
  [
    'retrying',
    facts({
      apps: [
        attempt({
          state: 'pulling',
          nextRetryAt: 900,
          problem: problem('REGISTRY_UNAVAILABLE', '503 from the registry'),
        }),
      ],
    }),
    /could not go on with web release 2: 503/,
    { nextAt: 900 },
  ],
  ['target set, no answer yet', facts({ apps: [app()] }), /has not answered for it yet/],
  [
    'an instance was taken away after its gate',
    facts({ apps: [attempt({ state: 'passed' }, { release: 2, waiting: 'web/1 is gone' })] }),
    /release 2 is on .*, and web\/1 is gone/,
    { next: 'Its agent brings it there by itself.' },
  ],
  [
    'ill after its gate',
    facts({
      apps: [
        attempt(
          { state: 'passed' },
          {
            release: 2,
            instances: [
              {
                id: 'i-000000000001',
                service: 'web',
                replica: 1,
                hash: 'h1:a',
                release: 2,
                state: 'unhealthy',
                routed: false,
                restarts: 3,
                startedAt: 5,
                detail: 'connection refused',
              } as never,
            ],
          },
        ),
      ],
    }),
    /web is unhealthy: connection refused/,
    { since: 5 },
  ],
  [
    'being removed',
    facts({ apps: [app({ target: { kind: 'remove', host: hostId(1), app: appName('web'), volumes: false } })] }),
    /to be removed from a/,
  ],
  [
    'waits for its wave',
    facts({
      apps: [
        {
          ...passed,
          ...inDeployment({ state: 'rolling', wave: 0, waves: 3, release: 5, steps: [aStep({ wave: 2 })] }),
        },
      ],
    }),
    /release 5 of web reaches it in wave 3 of 3; wave 1 is under way/,
  ],
  [
    'waits for the maintenance window',
    facts({
      apps: [
        {
          ...passed,
          ...inDeployment({
            state: 'rolling',
            cause: { kind: 'schedule', detail: '@hourly' },
            wave: 0,
            waves: 3,
            steps: [aStep({ wave: 2 })],
          }),
        },
      ],
    }),
    /wave 3 of 3; the deployment waits for its maintenance window/,
    { next: /when its maintenance window opens/ },
  ],
  [
    'waits in a paused deployment',
    facts({
      apps: [{ ...passed, ...inDeployment({ state: 'paused', wave: 0, waves: 3, steps: [aStep({ wave: 2 })] }) }],
    }),
    /the deployment is paused/,
    { next: /until somebody resumes/ },
  ],
  [
    'unclaimed',
    facts({ apps: [app({ target: null, report: anAppReport({ unclaimed: true }) })] }),
    /nothing in its assignment names it/,
  ],
  ['cordoned', facts({ availability: 'paused', apps: [passed] }), /cordoned.*web release 2.*gets nothing new/],
  ['draining', facts({ availability: 'draining', apps: [passed] }), /draining and still runs web release 2/],
  ['drained', facts({ availability: 'draining' }), /drained: it runs nothing/],
  ['all is well', facts({ apps: [passed] }), /^a runs what it should: web release 2\.$/, { next: null }],
  [
    'all is well, but an update waits',
    facts({ apps: [passed], restartNeeded: true }),
    /^a runs what it should: web release 2\.$/,
    { next: /restart of the machine: drain it/ },
  ],
  [
    'left on another release',
    facts({ apps: [{ ...passed, succeeded: 1, ...inDeployment({ state: 'cancelled' }) }] }),
    /^a runs what it should: web release 2\.$/,
    { next: /Mixed releases: release 2 of web stays here .* the release of web is 1; deploy or roll back web/ },
  ],
  [
    'on its way to the next release',
    facts({ apps: [{ ...passed, succeeded: 1, ...inDeployment({ state: 'rolling' }) }] }),
    /^a runs what it should: web release 2\.$/,
    { next: null },
  ],
  [
    'held updates',
    facts({ apps: [{ ...passed, hold: 'back to release 2' }] }),
    /runs what it should/,
    { next: /held until a newer image appears: web \(back to release 2; `longshore apps unquarantine web` ends it\)/ },
  ],
  ['nothing assigned', facts(), /no app is assigned/],
];

for (const [name, given, sentence, rest] of CASES) {
  t.test(`explain: ${name}`, (t) => {
    const view = explain(given);
    t.equal(view.host, 'a');
    t.match(view.sentence, sentence);
    if (rest !== undefined) t.match(view, rest);
    t.end();
  });
}

t.test('explain: what failed is told before what is under way', (t) => {
  const failing = attempt({ state: 'failed', problem: problem('NO_SPACE', 'the disk is full') });
  t.match(explain(facts({ apps: [app(), { ...failing, app: appName('db') }] })).sentence, /disk is full/);
  t.end();
});

t.test('explain: a failing part of the host comes before its apps, a warning after all else', (t) => {
  const wrong = { part: 'ingress', failing: true, text: 'port 80 is taken by another program' };
  t.match(explain(facts({ problems: [wrong], apps: [passed] })), {
    sentence: 'a has a problem with its ingress: port 80 is taken by another program',
  });
  t.match(explain(facts({ problems: [{ ...wrong, part: 'certificates', failing: false }], apps: [passed] })), {
    sentence: 'a runs what it should: web release 2.',
    next: /certificates: port 80/,
  });
  t.end();
});
