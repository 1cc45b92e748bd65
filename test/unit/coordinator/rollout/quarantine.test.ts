import t from 'tap';
import { problem } from '../../../../fleet/errors.ts';
import type { ErrorCode } from '../../../../fleet/errors.ts';
import { digestsToHold, digestsToQuarantine } from '../../../../coordinator/rollout/quarantine.ts';
import type { HostFact } from '../../../../coordinator/rollout/host-fact.ts';
import {
  aDeployment,
  aRelease,
  aService,
  aStep,
  anAppReport,
  anAppSpec,
  anAttempt,
  digest,
  hostId,
} from '../../../support/app-builders.ts';

const host = hostId(1);
const image = (letter: string) =>
  ({ reference: 'r/web:1', digest: digest(letter), pull: 'always', platform: null }) as const;
const withImage = (letter: string) =>
  aRelease({ spec: anAppSpec({ services: { web: aService({ image: image(letter) }) } }) });
const facts = (failedService: string | null) =>
  new Map<typeof host, HostFact>([
    [
      host,
      {
        host,
        name: 'a',
        availability: 'active',
        offlineSince: null,
        report: anAppReport({ attempt: anAttempt({ attempt: 1, state: 'failed', failedService }) }),
        refusal: null,
      },
    ],
  ]);
const failed = (code: ErrorCode) => [aStep({ state: 'failed', attempt: 1, problem: problem(code, 'it failed') })];

t.test('digestsToQuarantine: the digest that this release brought, of the service that failed', (t) => {
  const rollout = { deployment: aDeployment(), release: withImage('b'), base: withImage('a') };
  t.match(digestsToQuarantine(rollout, failed('NEVER_HEALTHY'), facts('web'), 5), [
    { service: 'web', digest: digest('b'), since: 5 },
  ]);
  t.match(digestsToQuarantine({ ...rollout, base: null }, failed('RESTART_LOOP'), facts('web'), 5), [
    { digest: digest('b') },
  ]);
  t.end();
});

t.test('digestsToQuarantine: not what the last good release uses, nor for causes outside of the instance', (t) => {
  const same = { deployment: aDeployment(), release: withImage('a'), base: withImage('a') };
  t.same(digestsToQuarantine(same, failed('NEVER_HEALTHY'), facts('web'), 5), [], 'only the environment changed');
  const rollout = { ...same, release: withImage('b') };
  for (const code of [
    'NO_SPACE',
    'PORT_IN_USE',
    'IMAGE_NOT_FOUND',
    'REGISTRY_UNAVAILABLE',
    'ENGINE_UNAVAILABLE',
    'PROGRESS_DEADLINE',
  ] as const) {
    t.same(digestsToQuarantine(rollout, failed(code), facts('web'), 5), [], code);
  }
  t.same(digestsToQuarantine(rollout, failed('NEVER_HEALTHY'), facts(null), 5), [], 'no service is named');
  t.same(
    digestsToQuarantine(
      { ...rollout, deployment: aDeployment({ kind: 'rollback' }) },
      failed('NEVER_HEALTHY'),
      facts('web'),
      5,
    ),
    [],
    'a kept release brings nothing in',
  );
  t.end();
});

t.test('digestsToHold: what the release brought in, and nothing that goes on serving', (t) => {
  const rollout = { deployment: aDeployment(), release: withImage('b'), base: withImage('a') };
  t.match(digestsToHold(rollout, 'it went back', 5), [
    { kind: 'held', service: 'web', digest: digest('b'), reason: 'it went back', since: 5 },
  ]);
  t.same(digestsToHold({ ...rollout, release: withImage('a') }, 'it went back', 5), []);
  const back = { ...rollout, deployment: aDeployment({ kind: 'rollback' }) };
  t.same(digestsToHold(back, 'it went back', 5), [], 'a kept release brings nothing in');
  t.end();
});
