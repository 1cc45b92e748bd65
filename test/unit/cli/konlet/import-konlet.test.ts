import t from 'tap';
import { readKonlet, renderImport } from '../../../../cli/konlet/import-konlet.ts';
import { guessPorts } from '../../../../cli/konlet/ports.ts';
import { loadAppFile } from '../../../../compose/load-app-file.ts';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { readFleetFile } from '../../../../infra/fleet-file/read-fleet-file.ts';

const DECLARATION = `
spec:
  containers:
    - name: Shop_VM.1
      image: 'eu.gcr.io/acme/shop'
      command: [/bin/server]
      args:
        - '--greeting=hello $WORLD'
        - "8080"
      env:
        - name: PORT
          value: "8080"
        - { name: DB_PASSWORD, value: 'pa$$w0rd: {x}' }
        - { name: EMPTY }
      volumeMounts:
        - { name: data, mountPath: /data }
        - { name: tmp, mountPath: /cache }
        - { name: cfg, mountPath: /etc/app, readOnly: true }
      securityContext: { privileged: true }
      stdin: true
      tty: false
  volumes:
    - { name: data, gcePersistentDisk: { pdName: shop-data, fsType: ext4, partition: 1 } }
    - { name: tmp, emptyDir: { medium: Memory } }
    - { name: cfg, hostPath: { path: /home/app } }
  restartPolicy: OnFailure
`;

const COMMAND = String.raw`#!/bin/bash
# gcloud compute instances create-with-container not-this-one
gcloud config set project acme
gcloud compute instances create-with-container web-1 web-2 \
    --zone=projects/acme/zones/europe-west4-a --machine-type e2-small --preemptible \
    --container-image "europe-west4-docker.pkg.dev/acme/shop/web:17" \
    --container-command='/bin/sh' --container-arg='-c' --container-arg="exec /srv --name 'a b' \"\$HOME\"" \
    --container-env=^:^A=1,2:B=two,and=more --container-env C="with space" --container-env-file=app.env \
    --container-mount-host-path=host-path=/srv/x,mount-path=/x,mode=ro \
    --container-mount-tmpfs=mount-path=/run/x \
    --container-mount-disk=mount-path=/data,name=web-data \
    --create-disk=name=web-data,size=50GB,auto-delete=no --create-disk=name=other,size=1TB \
    --container-restart-policy=never --container-tty \
    --tags=http-server,ssh-in --labels=env=prod,build=1,container-vm=cos-stable \
    --network=prod --service-account=web@acme.iam.gserviceaccount.com \
    --metadata=api=not-to-be-seen --no-shielded-secure-boot --boot-disk-size=20GB --frobnicate=x # the end
`;

function importedFrom(text: string, more: { port?: number; hostNetwork?: boolean; pool?: string } = {}) {
  const imported = readKonlet('vm.txt', text);
  const files = renderImport(imported, {
    source: 'vm.txt',
    app: null,
    pool: more.pool ?? null,
    found:
      more.port === undefined ? guessPorts(imported) : { ports: [{ port: more.port, protocol: 'tcp' }], because: null },
    hostNetwork: more.hostNetwork ?? false,
    envFile: imported.workload.envFile,
  });
  return { imported, files };
}

/** As `longshore plan` reads it. */
function specOf(compose: string) {
  const loaded = loadAppFile({
    files: ['/app/compose.yaml'],
    readFile: (path) =>
      path === '/app/compose.yaml' ? { text: compose } : path === '/app/app.env' ? { text: 'FROM_FILE=$x' } : null,
    environment: {},
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problem, null, 1));
  return loaded.spec;
}

function fleetOf(poolEntry: string) {
  const head = 'name: acme\nproject: acme-project\nregion: europe-west4\n';
  return readFleetFile({ path: 'fleet.yaml', text: head + poolEntry });
}

function mistakesOf(text: string): readonly string[] {
  try {
    readKonlet('f', text);
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    return error.problem.details.map(({ line, column, message }) => `${line ?? 0}:${column ?? 0} ${message}`);
  }
  return [];
}

t.test('import konlet: a declaration becomes an app file that says the same', (t) => {
  const { files } = importedFrom(DECLARATION);
  const spec = specOf(files.compose);

  t.equal(spec.name, 'shop-vm-1');
  const service = spec.services['shop-vm-1'];
  t.match(service, {
    image: { reference: 'eu.gcr.io/acme/shop' },
    entrypoint: ['/bin/server'],
    command: ['--greeting=hello $WORLD', '8080'],
    environment: { PORT: '8080', DB_PASSWORD: 'pa$$w0rd: {x}', EMPTY: '' },
    privileged: true,
    stdinOpen: true,
    tty: false,
    restart: { name: 'on-failure' },
    networkMode: 'app',
    probe: { check: { kind: 'tcp', port: 8080 } },
  });
  t.same(
    service?.ingress.map(({ port }) => port),
    [8080],
    'from the variable PORT',
  );
  t.same(
    service?.mounts.map((mount) => [mount.kind, mount.target, 'readOnly' in mount && mount.readOnly]),
    [
      ['volume', '/data', false],
      ['bind', '/etc/app', true],
      ['tmpfs', '/cache', false],
    ],
  );
  t.same(Object.keys(spec.volumes), ['shop-data']);
  t.same(spec.hosts.pools, ['shop-vm-1']);
  t.end();
});

t.test('import konlet: the pool of a declaration is one that fleet.yaml takes', (t) => {
  const [pool] = fleetOf(importedFrom(DECLARATION).files.poolEntry).pools;

  t.match(pool, { name: 'shop-vm-1', count: 1, kind: 'single', ingress: { kind: 'address' }, volumesDiskGb: 10 });
  t.end();
});

t.test('import konlet: a command becomes an app file and a pool, and what is left out is named', (t) => {
  const { files } = importedFrom(COMMAND);
  const spec = specOf(files.compose);

  t.match(spec.services['web-1'], {
    image: { reference: 'europe-west4-docker.pkg.dev/acme/shop/web:17' },
    entrypoint: ['/bin/sh'],
    command: ['-c', `exec /srv --name 'a b' "$HOME"`],
    environment: { A: '1,2', B: 'two,and=more', C: 'with space', FROM_FILE: '$x' },
    tty: true,
    restart: { name: 'no' },
  });
  t.same(
    spec.services['web-1']?.ingress.map(({ port }) => port),
    [80],
    'from the tag http-server',
  );
  t.match(files.compose, /volumes: per-host/, 'two machines, each with data of its own');
  const fleet = fleetOf(files.poolEntry);
  t.match(fleet.pools[0], {
    name: 'web-1',
    count: 2,
    kind: 'single',
    machine: 'e2-small',
    spot: true,
    diskGb: 20,
    volumesDiskGb: 50,
    labels: { env: 'prod', build: '1' },
    ingress: { kind: 'network-lb' },
    zones: [{ zone: 'europe-west4-a', count: 2 }],
  });
  t.same(Object.keys(fleet.pools[0]?.labels ?? {}), ['env', 'build'], "konlet's own mark is left out");
  const said = files.notes.map(({ what, why }) => `${what}: ${why}`).join('\n');
  for (const what of [
    '--network: fleet.yaml makes a network',
    '--service-account: each pool gets',
    '--metadata: ',
    '--no-shielded-secure-boot: every machine is a shielded VM',
    '--frobnicate: is not known',
    '--tags ssh-in: ',
    'restart policy Never: ',
    'logs: ',
    'disk web-data: ',
    'host path /srv/x: ',
    "ports: konlet's containers shared the network",
  ])
    t.ok(said.includes(what), what);
  t.notOk(said.includes('not-to-be-seen'), 'values of metadata are not repeated');
  t.match(files.notes.find(({ what }) => what === '--network')?.at, { line: 15, column: 5 }, 'and has its place');
  t.end();
});

const DESCRIPTION = `
kind: compute#instance
name: shop-vm
machineType: https://www.googleapis.com/compute/v1/projects/acme/zones/europe-west4-a/machineTypes/e2-small
zone: https://www.googleapis.com/compute/v1/projects/acme/zones/europe-west4-a
labels: { container-vm: cos-stable-117, env: prod }
tags: { fingerprint: x, items: [http-server] }
scheduling: { provisioningModel: SPOT, preemptible: true }
networkInterfaces:
- accessConfigs: [{ name: External NAT, natIP: 203.0.113.7 }]
serviceAccounts: [{ email: web@acme.iam.gserviceaccount.com, scopes: [a] }]
disks:
- { boot: true, deviceName: shop-vm, diskSizeGb: '20' }
- { boot: false, deviceName: shop-data, diskSizeGb: '40' }
metadata:
  fingerprint: abc=
  items:
  - { key: google-logging-enabled, value: 'true' }
  - { key: api-key, value: not-to-be-seen }
  - key: gce-container-declaration
    value: |-
${DECLARATION.split('\n')
  .map((line) => `      ${line}`)
  .join('\n')}
`;

t.test('import konlet: what gcloud says about a VM tells container and machine', (t) => {
  const { files } = importedFrom(DESCRIPTION);

  t.equal(specOf(files.compose).services['shop-vm-1']?.image.reference, 'eu.gcr.io/acme/shop');
  const pool = fleetOf(files.poolEntry).pools[0];
  t.match(pool, {
    machine: 'e2-small',
    spot: true,
    count: 1,
    diskGb: 20,
    volumesDiskGb: 40,
    labels: { env: 'prod' },
    ingress: { kind: 'address' },
    zones: [{ zone: 'europe-west4-a', count: 1 }],
  });
  const said = files.notes.map(({ what, why }) => `${what}: ${why}`).join('\n');
  t.match(said, /serviceAccounts: each pool gets[\s\S]*metadata api-key: /);
  t.notMatch(said, /not-to-be-seen/);
  t.end();
});

t.test('import konlet: a described template is a group; JSON is read as well', (t) => {
  const declaration = 'spec: { containers: [{ name: a, image: "acme/a:1" }] }';
  const template = {
    name: 'tpl',
    properties: {
      machineType: 'n2d-standard-2',
      disks: [{ boot: true, initializeParams: { diskSizeGb: '50', diskType: 'pd-ssd' } }],
      metadata: { items: [{ key: 'gce-container-declaration', value: declaration }] },
    },
  };
  const { files } = importedFrom(JSON.stringify(template));

  t.match(fleetOf(files.poolEntry).pools[0], {
    kind: 'group',
    machine: 'n2d-standard-2',
    diskGb: 50,
    diskType: 'pd-ssd',
    ingress: { kind: 'none' },
  });
  t.end();
});

t.test('import konlet: mistakes inside of a description name the text that they stand in', (t) => {
  t.same(mistakesOf('metadata: { items: [{ key: gce-container-declaration, value: "spec:\\n  containers: []" }] }'), [
    '2:15 is empty: there is nothing to run',
  ]);
  t.match(mistakesOf('name: x\nmetadata: { items: [{ key: a, value: b }] }'), [/konlet runs nothing on this machine/]);
  t.end();
});

t.test('import konlet: a template becomes a group', (t) => {
  const { files } = importedFrom(
    'gcloud compute instance-templates create-with-container tpl --container-image=nginx:1 --tags http-server --container-mount-disk=mount-path=/d,name=d',
  );

  t.match(fleetOf(files.poolEntry).pools[0], { kind: 'group', count: 1, ingress: { kind: 'network-lb' } });
  t.match(files.compose, /volumes: per-host/);
  t.ok(files.notes.some(({ what }) => what === 'count'));
  t.end();
});

t.test('import konlet: without a port nothing is published, and that is said', (t) => {
  const { files } = importedFrom('spec: { containers: [{ name: job, image: "acme/job:1" }] }');
  const spec = specOf(files.compose);

  t.same(spec.services.job?.ingress, []);
  t.same(spec.services.job?.ports, []);
  t.match(fleetOf(files.poolEntry).pools[0]?.ingress, { kind: 'none' });
  t.ok(files.notes.some(({ what, why }) => what === 'ports' && why.includes('--port 8080')));
  t.end();
});

t.test('import konlet: a port that is no HTTP is published, the network of the host is kept when asked for', (t) => {
  const database = 'spec: { containers: [{ name: db, image: "postgres:16" }] }';
  const tcp = specOf(importedFrom(database, { port: 5432 }).files.compose).services.db;
  const host = specOf(importedFrom(database, { port: 5432, hostNetwork: true }).files.compose).services.db;

  t.match(tcp?.ports, [{ host: 5432, container: 5432, protocol: 'tcp' }]);
  t.equal(tcp?.order, 'stop-first');
  t.equal(host?.networkMode, 'host');
  t.same(host?.ports, []);
  t.end();
});

t.test('import konlet: mistakes of a declaration have line and column, all at once', (t) => {
  t.same(
    mistakesOf(
      [
        'spec:',
        '  containers:',
        '    - name: a',
        '      imgae: x',
        '      stdin: perhaps',
        '      volumeMounts:',
        '        - { name: dta, mountPath: data }',
        '    - name: b',
        '      image: y',
        '  volumes:',
        '    - { name: data, emptyDir: {} }',
        '    - { name: other, hostPath: { path: /x }, emptyDir: { medium: Memory } }',
        '    - { name: unused, hostPath: { path: rel } }',
        '  restartPolicy: Sometimes',
      ].join('\n'),
    ),
    [
      '3:7 is missing: which image shall run?',
      '4:7 is not a key that konlet knew (did you mean "image"?)',
      '5:14 must be true or false',
      '7:11 is not an absolute path',
      '7:19 "dta" is not in spec.volumes',
      '8:7 is a second container, and konlet ran one: import each on its own',
      '11:31 must be Memory: konlet knew no other',
      '12:7 holds exactly one of hostPath, emptyDir, gcePersistentDisk',
      '13:41 is not an absolute path',
      '14:18 is "Sometimes"; konlet knew Always, OnFailure and Never',
    ],
  );
  t.same(mistakesOf('services: {}'), [
    '1:1 is not a key that konlet knew',
    '1:1 is missing: this is not a gce-container-declaration',
  ]);
  t.match(mistakesOf('spec: [')[0], /^1:\d+ /, 'what is no YAML');
  t.same(mistakesOf('spec: { volumes: [{ name: v, hostPath: { path: /v } }], containers: [{ image: a }] }'), [
    '1:19 "v" is mounted nowhere',
  ]);
  t.end();
});

t.test('import konlet: mistakes of a command have line and column, all at once', (t) => {
  const command = (rest: string): string => `gcloud compute instances create-with-container a \\\n  ${rest}\n`;

  t.same(mistakesOf(command('--zone x')), ['1:1 --container-image is missing: which image shall run?']);
  t.same(mistakesOf(command('--container-image=a:1 --container-imgae=b')), [
    '2:25 --container-imgae is not a flag of gcloud\'s (did you mean "container-image"?)',
  ]);
  t.same(mistakesOf(command('--container-image="$IMAGE" --container-env=A=`date`')), [
    '2:22 $IMAGE is put in by the shell: write what it stands for',
    '2:48 ` is put in by the shell: write what it stands for',
  ]);
  t.same(mistakesOf(command("--container-image='a:1")), ["2:21 the quote ' is never closed"]);
  t.same(mistakesOf(command('--container-image=a:1 --container-mount-disk=name=d --boot-disk-size=big')), [
    '2:25 --container-mount-disk needs mount-path=/ABSOLUTE/PATH',
    '2:55 --boot-disk-size is "big", which is not a size like 50GB',
  ]);
  t.same(mistakesOf(command('--container-image=a:1 --container-restart-policy=maybe --container-env=A')), [
    '2:25 --container-restart-policy is maybe; gcloud knows never, on-failure and always',
    '2:58 --container-env is not a list of KEY=VALUE',
  ]);
  t.match(mistakesOf(command('--container-image=a:1') + command('--container-image=b:1')), [
    /^3:1 is a second command/,
  ]);
  t.match(mistakesOf('gcloud compute instances list'), [/^1:1 holds no `gcloud compute instances create-with/]);
  t.match(mistakesOf('gcloud compute instances update-container a --container-env=A=1'), [/says a change only/]);
  t.same(mistakesOf(command("--container-image='$HOME'")), [], 'in single quotes a $ is a $');
  t.end();
});

t.test('import konlet: a declaration stays one when an argument is a gcloud command', (t) => {
  const text = [
    'spec:',
    '  containers:',
    '    - name: sync',
    '      image: gcr.io/google.com/cloudsdktool/cloud-sdk:slim',
    '      command: [sh, -c]',
    '      args:',
    '        - |',
    '          gcloud storage rsync gs://a gs://b',
    '          gcloud compute instances create-with-container x',
  ].join('\n');
  const { workload, machine } = readKonlet('vm.yaml', text);
  t.equal(workload.name, 'sync');
  t.equal(machine, null);
  const command = 'gcloud compute instances create-with-container vm --container-image=nginx --container-arg="a: b"';
  t.not(readKonlet('make.sh', command).machine, null);
  t.end();
});
