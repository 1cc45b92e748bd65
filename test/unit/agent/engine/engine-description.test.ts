import t from 'tap';
import { obstacleOf, type EngineFacts } from '../../../../agent/engine/engine-description.ts';

const facts = (fields: Partial<EngineFacts> = {}): EngineFacts => ({
  operatingSystem: 'Debian GNU/Linux 13 (trixie)',
  osType: 'linux',
  rootless: false,
  bridgeAddresses: ['172.17.0.1'],
  bridgeIsHere: true,
  ...fields,
});

t.test('obstacleOf: an engine on this machine is fine, whatever it calls itself', (t) => {
  t.equal(obstacleOf(facts()), null);
  t.equal(obstacleOf(facts({ operatingSystem: 'Docker Desktop' })), null, 'the agent runs inside of its machine');
  t.equal(
    obstacleOf(facts({ bridgeAddresses: [], bridgeIsHere: false })),
    null,
    'without a default bridge nothing speaks against it',
  );
  t.end();
});

t.test('obstacleOf: others are refused by name, with what to do instead', (t) => {
  const elsewhere = { bridgeIsHere: false };

  t.match(obstacleOf(facts({ ...elsewhere, operatingSystem: 'Docker Desktop' })), {
    message: /Docker Desktop/,
    hint: /--network host/,
  });
  t.match(obstacleOf(facts({ ...elsewhere, rootless: true })), { message: /rootless/ });
  t.match(obstacleOf(facts(elsewhere)), { message: /172\.17\.0\.1 is not on this machine/ });
  t.match(obstacleOf(facts({ osType: 'windows' })), { message: /windows/ });
  t.end();
});
