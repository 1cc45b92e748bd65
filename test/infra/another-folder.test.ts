// The same fleet planned from another folder: a colleague's checkout, a build server, LONGSHORE_PROGRAMS. Where archives
// lie is nothing to the fleet; only what is in them.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { readPrograms } from '../../infra/programs.ts';
import { stagePrograms } from '../../infra/staged-programs.ts';
import { terraformForTests, TerraformFolder } from '../support/terraform.ts';
import { fleetOf, SMALL_FLEET } from './support/fleets.ts';
import { startStandIn } from './support/stand-in.ts';
import { asValues, synthesise } from './support/synthesised.ts';

const PROJECT = 'some-project';
const BUCKET = `${PROJECT}-demo-longshore`;
const FILES = ['agent-linux-x64', 'agent-linux-arm64', 'coordinator-linux-x64'].map(
  (name) => `longshore-${name}.tar.gz`,
);
const { terraform, skip } = await terraformForTests('google');

t.test('a fleet keeps its programs whatever folder it is planned from', { skip }, async (t) => {
  if (terraform === undefined) throw new Error('skipped');
  const folder = t.testdir();
  const standIn = await startStandIn(t, folder, PROJECT);
  const runner = new TerraformFolder(terraform, folder, standIn.variables);
  const state = path.join(folder, 'fleet.tfstate');
  /** A build of Longshore in a folder of its own. */
  const from = (checkout: string, version: string): void => {
    const place = path.join(folder, checkout);
    mkdirSync(place, { recursive: true });
    const lines = FILES.map((file) => {
      const text = `${file} of version ${version}`;
      writeFileSync(path.join(place, file), text);
      return `${createHash('sha256').update(text).digest('hex')}  ${file}\n`;
    });
    writeFileSync(path.join(place, 'checksums.txt'), lines.join(''));
    const programs = stagePrograms(readPrograms(place, ['x64', 'arm64']), path.join(place, '.terraform'));
    writeFileSync(path.join(folder, 'cdk.tf.json'), synthesise(fleetOf(SMALL_FLEET), { programs, state }).text);
  };
  const changes = async (): Promise<readonly string[]> => {
    await runner.do('plan', '-no-color', '-input=false', '-out=plan');
    return await runner.changesOf('plan');
  };
  /** Programs that channels name and that are not there. */
  const missing = (): readonly string[] => {
    const { resources } = asValues(JSON.parse(readFileSync(state, 'utf8')));
    const named = [...JSON.stringify(resources).matchAll(/programs\/[0-9a-f]{64}\/[\w.-]+(?=\\n)/g)].map(
      ([name]) => name,
    );
    t.equal(named.length, 3);
    return named.filter((name) => !standIn.objects(BUCKET).includes(name));
  };

  from('first', '1');
  await runner.do('init', '-no-color', '-input=false');
  await runner.do('apply', '-no-color', '-input=false', '-auto-approve');
  t.same(missing(), []);

  await t.test('another folder with the same programs: nothing to do', async (t) => {
    from('second', '1');
    t.same(await changes(), [], 'while the first folder is there');
    rmSync(path.join(folder, 'first'), { recursive: true });
    t.same(await changes(), [], 'and when it is gone');
  });

  await t.test(
    'a newer build lies where the fleet was made from: an older checkout still has nothing to do',
    async (t) => {
      from('first', '2');
      from('second', '1');
      t.same(await changes(), []);
    },
  );

  await t.test(
    'another version from another folder: uploaded from there, and every channel leads somewhere',
    async (t) => {
      rmSync(path.join(folder, 'first'), { recursive: true });
      from('third', '2');
      await runner.do('apply', '-no-color', '-input=false', '-auto-approve');
      t.same(missing(), []);
      t.equal(
        standIn.objects(BUCKET).filter((name) => name.startsWith('programs/')).length,
        3,
        'the old ones are gone',
      );
      t.same(await changes(), []);
    },
  );

  await t.test('a program that somebody deleted is uploaded again', async (t) => {
    from('fourth', '2');
    rmSync(path.join(folder, 'third'), { recursive: true });
    standIn.removeObject(BUCKET, 'longshore-agent-linux-x64.tar.gz');
    t.same(await changes(), ['create google_storage_bucket_object.programs_agent-x64']);
    await runner.do('apply', '-no-color', '-input=false', '-auto-approve');
    t.same(missing(), []);
  });
  t.same(standIn.said, []);
});
