import t from 'tap';
import { readFleetFile } from '../../../../infra/fleet-file/read-fleet-file.ts';
import { loginNote } from '../../../../infra/plan/login-note.ts';

const fleet = (...lines: readonly string[]) =>
  readFleetFile({
    path: 'fleet.yaml',
    text: ['name: shop', 'project: my-project-1', 'region: europe-west4', ...lines].join('\n'),
  });

t.test('login: the command names the private key, and is there only where somebody logs in with one', (t) => {
  const keyed = fleet('coordinator: { ssh: keys }', 'pools: { web: { count: 1, ssh: keys } }');
  t.equal(
    loginNote(keyed, "/home/it's me/key"),
    [
      'To log in where `ssh: keys` is set:',
      `  ssh -i '/home/it'\\''s me/key' -o ProxyCommand='gcloud compute start-iap-tunnel shop-coordinator %p --listen-on-stdin --zone=europe-west4-b --project=my-project-1' ops@shop-coordinator`,
      `  ssh -i '/home/it'\\''s me/key' -o ProxyCommand='gcloud compute start-iap-tunnel MACHINE %p --listen-on-stdin --zone=ZONE --project=my-project-1' ops@MACHINE`,
    ].join('\n'),
  );
  t.match(loginNote(keyed, null), /ssh -i PRIVATE_KEY /);
  t.equal(loginNote(fleet('pools: { web: { count: 1, ssh: iap } }'), '/key'), null);
  t.end();
});
