import t from 'tap';
import { helloProof } from '../../../../protocol/agent-messages.ts';
import {
  answerChallenge,
  versionProblem,
  type HelloFacts,
  type SessionIdentity,
} from '../../../../agent/session/handshake.ts';
import { hostId } from '../../../support/app-builders.ts';
import { aPolicy } from '../../../support/host-policy.ts';

const identity: SessionIdentity = {
  host: hostId(1),
  process: 'process-1',
  audience: 'wss://ship.example.com',
  sign: (text) => `signed(${text})`,
};
const facts: HelloFacts = {
  agentVersion: '1',
  platform: 'linux/amd64',
  engineVersion: '27',
  order: { epoch: 1, generation: 2, hash: 'h' },
  secrets: { 'shop/db': 3 },
  registries: ['ghcr.io'],
  labels: { zone: 'a' },
  ingress: null,
  boot: null,
  policy: aPolicy({ hostNetwork: true }),
};
const challenge = {
  kind: 'challenge',
  nonce: 'n'.repeat(16),
  audience: identity.audience,
  protocol: { min: 1, max: 1 },
} as const;

t.test('answerChallenge: signs its own audience, the nonce, the host and the process', (t) => {
  const answer = answerChallenge(challenge, identity, facts);

  const proof = helloProof({
    audience: identity.audience,
    nonce: challenge.nonce,
    host: identity.host,
    process: 'process-1',
  });
  t.match(answer, {
    kind: 'hello',
    hello: {
      signature: `signed(${proof})`,
      order: { epoch: 1, generation: 2, hash: 'h' },
      secrets: { 'shop/db': 3 },
      registries: ['ghcr.io'],
      policy: { hostNetwork: true, guarded: { engineRoot: '/var/lib/docker' } },
    },
  });
  t.end();
});

t.test('answerChallenge: signs nothing for a coordinator that goes by another address', (t) => {
  for (const audience of ['wss://evil.example', 'ws://ship.example.com', 'wss://ship.example.com:8443', '']) {
    const signed: string[] = [];
    const answer = answerChallenge(
      { ...challenge, audience },
      { ...identity, sign: (text) => (signed.push(text), '') },
      facts,
    );

    t.match(answer, { kind: 'wrong-audience', problem: { code: 'AUDIENCE_MISMATCH' } }, audience);
    t.same(signed, []);
  }
  t.end();
});

t.test('versionProblem: null for a version that this agent speaks, a problem naming both otherwise', (t) => {
  const welcome = {
    kind: 'welcome',
    protocol: 1,
    session: 's',
    heartbeatMs: 1,
    coordinatorVersion: '9',
    name: 'a',
  } as const;

  t.equal(versionProblem(welcome), null);
  t.match(versionProblem({ ...welcome, protocol: 7 }), { code: 'PROTOCOL_VERSION', message: /9 speaks protocol 7/ });
  t.end();
});
