// Pools: templates, groups per zone, machines of their own, what their metadata says.
import t from 'tap';
import { renderStartupScript } from '../../setup/render-startup-script.ts';
import { FULL_FLEET, fleetOf } from './support/fleets.ts';
import { asList, asValues, block, one, synthesise } from './support/synthesised.ts';

const full = synthesise(fleetOf(FULL_FLEET));
const template = (pool: string): ReturnType<typeof one> =>
  one(full.of('compute_instance_template'), `pool-${pool}_of_template`);
const group = (pool: string, zone: string): ReturnType<typeof one> =>
  one(full.of('compute_instance_group_manager'), `pool-${pool}_group_${zone}`);

t.test('groups: one per zone, sizes split, none waits, none rolls machines by itself', (t) => {
  t.match(group('web', 'europe-west4-a'), { zone: 'europe-west4-a', target_size: 2, wait_for_instances: false });
  t.match(group('web', 'europe-west4-b'), { zone: 'europe-west4-b', target_size: 1 });
  for (const [name, values] of full.of('compute_instance_group_manager')) {
    t.equal(block(values, 'update_policy')['type'], 'OPPORTUNISTIC', name);
    t.match(
      block(values, 'version')['instance_template'],
      /^\$\{google_compute_instance_template\..*\.self_link_unique\}$/,
      name,
    );
  }
  for (const type of ['compute_region_instance_group_manager', 'compute_autoscaler', 'compute_per_instance_config'])
    t.equal(full.of(type).size, 0, type);
  t.end();
});

t.test('groups: a disk of named volumes is stateful and never deleted, so a machine is replaced in its place', (t) => {
  const web = group('web', 'europe-west4-a');
  t.same(asList(web['stateful_disk']), [{ device_name: 'longshore-volumes', delete_rule: 'NEVER' }]);
  t.match(block(web, 'update_policy'), { replacement_method: 'RECREATE', max_surge_fixed: 0 });
  const disks = asList(template('web')['disk']).map(asValues);
  t.match(disks[1], { device_name: 'longshore-volumes', disk_size_gb: 50, auto_delete: false });
  t.equal(group('site', 'us-central1-b')['stateful_disk'], undefined);
  t.end();
});

t.test('groups: wait for the way out, rules, roles and programs', (t) => {
  const after = asList(group('web', 'europe-west4-a')['depends_on']);
  for (const address of [
    'google_compute_router_nat.nat_europe-west4',
    'google_compute_firewall.firewall_web-ingress',
    'google_storage_bucket_iam_member.bucket-access-web_read',
    'google_artifact_registry_repository_iam_member.registry_pull-web',
    'google_storage_bucket_object.programs_agent-x64',
    'google_storage_bucket_object.programs_agent-x64-channel',
  ])
    t.ok(after.includes(address), address);
  t.end();
});

t.test('healing: only where asked for, only of a process that is gone, and never of a first boot', (t) => {
  t.match(block(group('web', 'europe-west4-a'), 'auto_healing_policies'), { initial_delay_sec: 900 });
  t.match(one(full.of('compute_health_check'), 'pool-web_healing_alive'), {
    check_interval_sec: 30,
    unhealthy_threshold: 10,
    http_health_check: { port: 7412, request_path: '/.longshore/alive' },
  });
  t.equal(group('site', 'us-central1-b')['auto_healing_policies'], undefined);
  t.end();
});

t.test('template: a short prefix, made before the old one goes; Debian 13 of the machine’s processor', (t) => {
  for (const [name, values] of full.of('compute_instance_template')) {
    t.ok(String(values['name_prefix']).length <= 37, name);
    t.same(values['lifecycle'], { create_before_destroy: true }, name);
    t.equal(values['name'], undefined, name);
  }
  const image = (pool: string): unknown => asValues(asList(template(pool)['disk'])[0])['source_image'];
  t.equal(image('web'), 'projects/debian-cloud/global/images/family/debian-13');
  t.equal(image('site'), 'projects/debian-cloud/global/images/family/debian-13-arm64');
  t.end();
});

t.test('template: what provider versions fill in differently is written out', (t) => {
  for (const [name, values] of full.of('compute_instance_template'))
    for (const disk of asList(values['disk']).map(asValues))
      t.match(disk, { type: 'PERSISTENT', mode: 'READ_WRITE', interface: /^(SCSI|NVME)$/ }, name);
  t.end();
});

t.test('machines: Shielded VM everywhere, secure boot where Debian’s chain is signed', (t) => {
  for (const [address, values] of full.resources) {
    if (!/^google_compute_instance(_template)?\./.test(address)) continue;
    t.match(
      block(values, 'shielded_instance_config'),
      {
        enable_secure_boot: !address.includes('pool-site'),
        enable_vtpm: true,
        enable_integrity_monitoring: true,
      },
      address,
    );
  }
  t.end();
});

t.test('Spot: taken back means deleted in a group, and stopped where the machine is one of its own', (t) => {
  t.match(block(template('site'), 'scheduling'), {
    provisioning_model: 'SPOT',
    preemptible: true,
    automatic_restart: false,
    instance_termination_action: 'DELETE',
  });
  const pair = one(full.of('compute_instance'), 'pool-pair_single_europe-west4-b-2');
  t.match(block(pair, 'scheduling'), { provisioning_model: 'SPOT', instance_termination_action: 'STOP' });
  t.match(block(template('web'), 'scheduling'), { provisioning_model: 'STANDARD', automatic_restart: true });
  t.end();
});

t.test('metadata: constants of the pool, and nothing of a version', (t) => {
  t.same(template('web')['metadata'], {
    'enable-oslogin': 'TRUE',
    'block-project-ssh-keys': 'TRUE',
    'serial-port-enable': 'FALSE',
    'serial-port-logging-enable': 'TRUE',
    'startup-script': '${local.startup_agent}',
    'longshore-bucket': '${google_storage_bucket.programs_bucket.name}',
    'longshore-coordinator': 'wss://10.80.0.10',
    'longshore-pool': 'web',
    'longshore-metadata-access': 'deny',
    'longshore-drain-seconds': '80',
    'longshore-health-listen': '0.0.0.0:7412',
    'longshore-acme-email': 'ops@example.com',
  });
  t.match(template('site')['metadata'], {
    'longshore-metadata-access': 'allow',
    'longshore-drain-seconds': '25',
    'longshore-trusted-proxies': '130.211.0.0/22,35.191.0.0/16',
  });
  t.end();
});

t.test('startup scripts: stand once in the configuration, with what Terraform would read as its own doubled', (t) => {
  const locals = asValues(full.document['locals']);
  for (const role of ['agent', 'coordinator'] as const) {
    const written = String(locals[`startup_${role}`]);
    t.ok(
      written.replaceAll(/([$%])\1(?=\{)/g, '$1') === renderStartupScript({ role }),
      `${role}: nothing else differs`,
    );
    t.notOk(/(?<![$])[$]\{|(?<![%])%\{/.test(written), `${role}: no expression of Terraform in it`);
  }
  t.end();
});

t.test('single machines: by zone and number; a key and a reserved address where asked for', (t) => {
  const instances = full.of('compute_instance');
  t.same([...instances.keys()].filter((name) => name.startsWith('pool-')).sort(), [
    'pool-edge_single_europe-west4-b-1',
    'pool-pair_single_europe-west4-b-1',
    'pool-pair_single_europe-west4-b-2',
  ]);
  const edge = one(instances, 'pool-edge_single_europe-west4-b-1');
  t.equal(edge['name'], 'shop-edge-europe-west4-b-1');
  t.match(block(edge, 'network_interface'), {
    access_config: [{ nat_ip: '${google_compute_address.pool-edge_single_address.address}' }],
  });
  t.match(asValues(edge['metadata'])['ssh-keys'], /^ops:ssh-ed25519 /);
  t.match(block(edge, 'attached_disk'), { device_name: 'longshore-volumes' });
  t.equal(edge['allow_stopping_for_update'], true);
  t.end();
});

t.test('addresses: public ones only for machines that are to have one', (t) => {
  const open = (values: ReturnType<typeof one>): boolean =>
    asValues(asList(values['network_interface'])[0])['access_config'] !== undefined;
  for (const pool of ['web', 'site']) t.notOk(open(template(pool)), pool);
  t.ok(open(template('work')));
  t.notOk(open(one(full.of('compute_instance'), 'pool-pair_single_europe-west4-b-1')));
  t.end();
});
