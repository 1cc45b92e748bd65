// What edits of fleet.yaml do to a fleet that is there, as the real provider sees it: over a made-up state of it, with
// nothing looked up. Which arguments can be changed in place and which replace a resource is the provider's to say.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { TerraformFolder, terraformForTests } from '../support/terraform.ts';
import { fleetOf } from './support/fleets.ts';
import { madeUpState } from './support/made-up-state.ts';
import { asValues, programsIn, synthesise, type Values } from './support/synthesised.ts';

const FLEET = `
name: shop
project: some-project
region: europe-west4
regions: [europe-west4, us-central1]
pools:
  web:
    count: 3
    zones: [europe-west4-a, europe-west4-b]
    labels: { tier: web }
  edge: { count: 1, kind: single, machine: e2-small }
`;

const { terraform, skip } = await terraformForTests('google');
process.env['GOOGLE_OAUTH_ACCESS_TOKEN'] = 'made-up';

t.test('edits of a fleet that is there', { skip }, async (t) => {
  if (terraform === undefined) throw new Error('skipped');
  const folder = t.testdir();
  const programs = path.join(folder, 'programs');
  mkdirSync(programs);
  const archives = programsIn(programs);
  for (const archive of [archives.agents.x64, archives.agents.arm64, archives.coordinator])
    if (archive !== null) writeFileSync(archive.path, `stands for ${archive.file}`);
  const runner = new TerraformFolder(terraform, folder);
  const state = path.join(folder, 'fleet.tfstate');
  const write = (text: string, programs = archives): ReturnType<typeof synthesise> => {
    const synthesised = synthesise(fleetOf(text), { programs, state });
    writeFileSync(path.join(folder, 'cdk.tf.json'), synthesised.text);
    return synthesised;
  };
  const json = async (...args: string[]): Promise<Values> => asValues(JSON.parse(await runner.do(...args)));
  const changes = async (): Promise<readonly string[]> => {
    await runner.do('plan', '-no-color', '-input=false', '-refresh=false', '-out=plan');
    return runner.changesOf('plan');
  };

  const { resources, document } = write(FLEET);
  await runner.do('init', '-no-color', '-input=false');
  await runner.do('plan', '-no-color', '-input=false', '-out=plan');
  writeFileSync(
    state,
    madeUpState({
      plan: await json('show', '-json', 'plan'),
      schemas: await json('providers', 'schema', '-json'),
      resources,
      locals: asValues(document['locals']),
    }),
  );

  await t.test('none: nothing to do', async (t) => {
    t.same(await changes(), []);
  });

  const edits: readonly (readonly [string, string, string, readonly string[]])[] = [
    [
      'one machine more: one group grows',
      'count: 3',
      'count: 4',
      ['update google_compute_instance_group_manager.pool-web_group_europe-west4-b'],
    ],
    [
      'another zone: a group more',
      'europe-west4-b]',
      'europe-west4-b, europe-west4-c]',
      [
        'create google_compute_instance_group_manager.pool-web_group_europe-west4-c',
        'update google_compute_instance_group_manager.pool-web_group_europe-west4-a',
        'update google_compute_region_backend_service.pool-web_balancer_backend',
        'update google_storage_bucket_object.record_manifest',
      ],
    ],
    [
      'a bigger machine of a group: a template beside the old, which the groups then name; no machine goes',
      'count: 3',
      'count: 3\n    machine: e2-standard-4',
      [
        'create+delete google_compute_instance_template.pool-web_of_template',
        'update google_compute_instance_group_manager.pool-web_group_europe-west4-a',
        'update google_compute_instance_group_manager.pool-web_group_europe-west4-b',
      ],
    ],
    [
      'a bigger machine of its own: changed in place',
      'machine: e2-small',
      'machine: e2-standard-4',
      ['update google_compute_instance.pool-edge_single_europe-west4-b-1'],
    ],
    [
      'labels of hosts: only what the coordinator reads',
      'tier: web',
      'tier: front',
      ['update google_storage_bucket_object.record_manifest'],
    ],
    [
      'the coordinator in another zone, from a snapshot: a new disk is there before the old one goes, though protected',
      'pools:',
      'coordinator: { zone: europe-west4-c, data_snapshot: monday }\npools:',
      [
        'create google_compute_disk.coordinator-disk_data-from-monday',
        'delete google_compute_disk.coordinator-disk_data',
        'delete+create google_compute_disk_resource_policy_attachment.coordinator-disk_scheduled',
        'delete+create google_compute_instance.coordinator_machine',
      ],
    ],
    [
      'another pool: additions',
      '  edge:',
      '  work: { count: 2, ingress: none }\n  edge:',
      [
        'create google_artifact_registry_repository_iam_member.registry_pull-work',
        'create google_compute_instance_group_manager.pool-work_group_europe-west4-b',
        'create google_compute_instance_template.pool-work_of_template',
        'create google_service_account.account-work_account',
        'create google_storage_bucket_iam_member.bucket-access-work_read',
        'update google_storage_bucket_object.record_manifest',
      ],
    ],
    [
      'a further region: its subnet',
      'us-central1]',
      'us-central1, asia-east1]',
      ['create google_compute_subnetwork.network_asia-east1'],
    ],
    [
      'a database of the coordinator: additions, and its machine is told in place',
      'pools:',
      'coordinator: { cloud_sql: {} }\npools:',
      [
        'create google_compute_global_address.managed_range',
        'create google_project_iam_custom_role.database_user-maker',
        'create google_project_iam_member.database_may-make-its-user',
        'create google_project_service.service_servicenetworking',
        'create google_project_service.service_sqladmin',
        'create google_secret_manager_secret.secret_database-password',
        'create google_secret_manager_secret_iam_member.secret_database-password-add',
        'create google_secret_manager_secret_iam_member.secret_database-password-read',
        'create google_service_networking_connection.managed_connection',
        'create google_sql_database.database_database',
        'create google_sql_database_instance.database_postgres',
        'update google_compute_instance.coordinator_machine',
      ],
    ],
    [
      'without protection: the bucket may go with its content',
      'pools:',
      'protect: false\npools:',
      ['update google_storage_bucket.programs_bucket'],
    ],
  ];
  for (const [name, from, to, expected] of edits)
    await t.test(name, async (t) => {
      t.ok(FLEET.includes(from));
      write(FLEET.replace(from, to));
      t.same(await changes(), expected);
    });

  await t.test('another version of Longshore: programs and channels, no machine', async (t) => {
    write(FLEET, programsIn(programs, '1'));
    t.same(
      (await changes()).filter((change) => !change.includes(' google_storage_bucket_object.programs_')),
      [],
    );
  });

  await t.test('Google’s labels: no machine is replaced for one', async (t) => {
    write(`${FLEET}\nlabels: { team: web }\n`);
    const replaced = (await changes()).filter((change) => change.includes('delete'));
    t.same(replaced, ['create+delete google_compute_instance_template.pool-web_of_template']);
  });

  await t.test('a web balancer instead: nothing with machines in it is replaced', async (t) => {
    write(FLEET.replace('count: 3', 'count: 3\n    ingress: { https_lb: { domains: [www.example.com] } }'));
    const ended = (await changes()).filter((change) => /^(delete|create\+delete|delete\+create) /.test(change));
    t.ok(ended.length > 0);
    for (const change of ended) t.match(change, /\.pool-web_balancer_|_template\.pool-web_of_template$/);
  });

  await t.test('protection: Terraform itself refuses to plan the end', async (t) => {
    write(FLEET);
    const refused = await runner.ask('plan', '-no-color', '-input=false', '-refresh=false', '-destroy');
    t.equal(refused.exit, 1);
    t.match(refused.output, /google_compute_disk\.coordinator-disk_data/);
    write(FLEET.replace('pools:', 'protect: false\npools:'));
    await runner.do('plan', '-no-color', '-input=false', '-refresh=false', '-destroy', '-out=plan');
    t.same(
      await runner.changesOf('plan'),
      [...resources.keys()].map((address) => `delete ${address}`).sort(),
      'and without it everything goes',
    );
  });
});
