import t from 'tap';
import { uninstallAgent, type UninstallWorld } from '../../../../agent/machine/uninstall-command.ts';
import { LongshoreError } from '../../../../fleet/errors.ts';

const HOST = 'h-0123456789abcdef';

function world(given: Partial<UninstallWorld> = {}): UninstallWorld & { readonly scripts: string[] } {
  const scripts: string[] = [];
  return {
    scripts,
    uid: 0,
    exists: (file) => file === '/run/systemd/system',
    readText: () => Promise.resolve(JSON.stringify({ enrolled: { host: HOST } })),
    dataDir: () => Promise.resolve('/srv/agent'),
    run: (script) => Promise.resolve(scripts.push(script) - 1),
    ...given,
  };
}
const brokenConfig = { dataDir: () => Promise.reject(new LongshoreError('CONFIG_INVALID', 'read it')) };

t.test('uninstall: keeps data, containers and volumes, and Docker no longer needs the guard', async (t) => {
  const machine = world();
  t.equal(await uninstallAgent([], machine), 0);
  const [script = ''] = machine.scripts;
  t.notMatch(script, /^ *(objects_of_host|remove_folder "\$DATA_DIR")$/m);
  t.match(script, /kept: data and keys/);
  const order = ['disable --quiet longshore-metadata-guard', 'daemon-reload', 'stop longshore-metadata-guard'];
  const places = order.map((line) => script.indexOf(line));
  t.same(
    places,
    [...places].sort((a, b) => a - b),
    'in this order, or Docker stops with its guard',
  );
  t.notOk(places.includes(-1));
});

t.test('uninstall --purge: data and objects of this host, never a volume', async (t) => {
  const machine = world();
  await uninstallAgent(['--purge', '--data-dir', '/srv/agent'], machine);
  const [script = ''] = machine.scripts;
  t.match(script, /^HOST='h-0123456789abcdef'$/m);
  t.match(script, /^objects_of_host$/m);
  t.match(script, /^ *remove_folder "\$DATA_DIR"$/m);
  // It prints the command, and runs none.
  t.notMatch(script.replaceAll(/echo .*/g, ''), /volume (rm|prune)|rm [^\n]*--volumes/);

  const neverEnrolled = world({ readText: () => Promise.resolve(null) });
  await uninstallAgent(['--purge'], neverEnrolled);
  t.notMatch(neverEnrolled.scripts[0] ?? '', /^objects_of_host$/m);
});

t.test('uninstall: the wrong user or machine is refused; what is broken stops only a purge', async (t) => {
  const refused = { code: 'INPUT_INVALID' };
  await t.rejects(uninstallAgent([], world({ uid: 1000 })), { ...refused, message: /must run as root/ });
  await t.rejects(uninstallAgent([], world({ exists: () => false })), { ...refused, message: /systemd/ });
  await t.rejects(uninstallAgent([], world({ exists: () => true })), { ...refused, message: /its metadata/ });

  const machine = world(brokenConfig);
  await uninstallAgent([], machine);
  t.match(machine.scripts[0] ?? '', "DATA_DIR='/var/lib/longshore-agent'");
  await t.rejects(uninstallAgent(['--purge'], world(brokenConfig)), { code: 'CONFIG_INVALID' });
  await t.rejects(uninstallAgent(['--purg'], world(brokenConfig)), { code: 'CONFIG_INVALID' });
  const damaged = { readText: () => Promise.resolve('{"enrolled": {"host": "$(reboot)"}}') };
  await uninstallAgent([], world(damaged));
  await t.rejects(uninstallAgent(['--purge'], world(damaged)), { code: 'STATE_FILE_INVALID' });
});
