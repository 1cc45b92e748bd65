import t from 'tap';
import { challengeAudience } from '../../../../coordinator/hub/challenge-audience.ts';

const ours = ['wss://ship.example.com', 'wss://10.0.0.5:7400', 'ws://127.0.0.1:7400'] as const;

t.test('challengeAudience: the address that was dialled where it is ours', (t) => {
  t.equal(challengeAudience([...ours], 'ship.example.com'), 'wss://ship.example.com');
  t.equal(challengeAudience([...ours], '10.0.0.5:7400'), 'wss://10.0.0.5:7400');
  t.equal(challengeAudience([...ours], '127.0.0.1:7400'), 'ws://127.0.0.1:7400');
  t.end();
});

t.test('challengeAudience: a foreign or missing Host header chooses nothing', (t) => {
  t.equal(challengeAudience([...ours], 'evil.example.org'), 'wss://ship.example.com');
  t.equal(challengeAudience([...ours], null), 'wss://ship.example.com');
  t.equal(challengeAudience([...ours], ' not a host '), 'wss://ship.example.com');
  t.end();
});
