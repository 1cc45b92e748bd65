import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { LongshoreError } from '../../../fleet/errors.ts';
import { isOlderThanSource, SOURCES } from '../../../infra/program-age.ts';
import { readPrograms } from '../../../infra/programs.ts';
import { stagePrograms } from '../../../infra/staged-programs.ts';

const NAMES = ['agent-linux-x64', 'agent-linux-arm64', 'coordinator-linux-x64'].map(
  (name) => `longshore-${name}.tar.gz`,
);
const [X64 = '', ARM64 = '', COORDINATOR = ''] = NAMES;
const sum = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Files whose content is their name, and the list of all three. */
function folderOf(t: Test, ...files: readonly string[]): string {
  return t.testdir({
    'checksums.txt': NAMES.map((name) => `${sum(name)}  ${name}\n`).join(''),
    ...Object.fromEntries(files.map((file) => [file, file])),
  });
}

/** `PATH: message`, with the folder left away. */
function refused(folder: string, needed: readonly ('x64' | 'arm64')[]): readonly string[] {
  try {
    readPrograms(folder, needed);
    return [];
  } catch (error) {
    if (!(error instanceof LongshoreError) || error.problem.code !== 'INFRA_UNREADY') throw error;
    return error.problem.details.map(({ path: where, message }) => `${path.basename(where)}: ${message}`);
  }
}

t.test('readPrograms: archives by their checksums; one that nobody needs may be missing', (t) => {
  const folder = folderOf(t, X64, COORDINATOR);
  const archive = (file: string): unknown => ({ path: path.join(folder, file), file, sha256: sum(file) });

  t.same(readPrograms(folder, ['x64']), {
    agents: { x64: archive(X64), arm64: null },
    coordinator: archive(COORDINATOR),
  });
  t.end();
});

t.test('readPrograms: an archive of each processor of the fleet, and all that is missing at once', (t) => {
  t.same(refused(folderOf(t, COORDINATOR), ['x64', 'arm64']), [`${X64}: does not exist`, `${ARM64}: does not exist`]);
  t.same(refused(folderOf(t, ARM64, COORDINATOR), ['arm64']), []);
  t.same(refused(t.testdir(), ['x64']), [
    'checksums.txt: does not exist',
    `${COORDINATOR}: does not exist`,
    `${X64}: does not exist`,
  ]);
  const unlisted = folderOf(t, X64, COORDINATOR);
  writeFileSync(path.join(unlisted, 'checksums.txt'), 'nonsense\n');
  t.same(refused(unlisted, ['x64']), [
    `checksums.txt: does not name ${COORDINATOR}`,
    `checksums.txt: does not name ${X64}`,
  ]);
  t.end();
});

t.test('readPrograms: a checksum is believed of no file', (t) => {
  const folder = folderOf(t, ...NAMES);
  writeFileSync(path.join(folder, X64), 'another content');
  writeFileSync(path.join(folder, COORDINATOR), '');
  t.same(refused(folder, ['x64']), [
    `${COORDINATOR}: is not the file of checksums.txt: its checksum is another`,
    `${X64}: is not the file of checksums.txt: its checksum is another`,
  ]);
  t.end();
});

t.test('isOlderThanSource: follows the newest file of any source', (t) => {
  const root = t.testdir({ agent: { deep: { 'a.ts': '' } }, fleet: { 'b.ts': '' }, built: '', docs: { 'c.md': '' } });
  const built = path.join(root, 'built');
  const at = (file: string, seconds: number): void => utimesSync(path.join(root, file), seconds, seconds);
  for (const file of ['agent/deep/a.ts', 'fleet/b.ts']) at(file, 1000);
  at('built', 2000);

  t.notOk(isOlderThanSource(built, root));
  at('docs/c.md', 3000);
  t.notOk(isOlderThanSource(built, root), 'what is no source does not count');
  at('agent/deep/a.ts', 3000);
  t.ok(isOlderThanSource(built, root));
  t.ok(isOlderThanSource(path.join(root, 'missing'), root));
  t.end();
});

t.test('isOlderThanSource: every folder with code of the product counts', (t) => {
  const root = path.resolve(import.meta.dirname, '..', '..', '..');
  const others = new Set(['dist', 'docs', 'examples', 'infra', 'node_modules', 'scripts', 'test']);
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !others.has(entry.name))
    .map(({ name }) => name)
    .filter((name) => readdirSync(path.join(root, name), { encoding: 'utf8' }).some((file) => file.endsWith('.ts')));
  t.ok(folders.length > 5);
  for (const folder of folders) t.ok(SOURCES.includes(folder), folder);
  t.end();
});

t.test('stagePrograms: a path that holds the checksum, whose content never changes', (t) => {
  const folder = folderOf(t, X64, COORDINATOR);
  const staging = path.join(folder, 'staged');
  const staged = stagePrograms(readPrograms(folder, ['x64']), staging);

  t.equal(staged.coordinator.path, path.join(staging, sum(COORDINATOR), COORDINATOR));
  t.equal(staged.agents.arm64, null);
  writeFileSync(path.join(folder, COORDINATOR), 'a newer build');
  t.equal(readFileSync(staged.coordinator.path, 'utf8'), COORDINATOR);
  t.end();
});

t.test('stagePrograms: an archive that changed since it was checked is refused, and a damaged copy made anew', (t) => {
  const folder = folderOf(t, X64, COORDINATOR);
  const staging = path.join(folder, 'staged');
  const programs = readPrograms(folder, ['x64']);
  const { coordinator } = stagePrograms(programs, staging);
  writeFileSync(coordinator.path, 'damaged');
  stagePrograms(programs, staging);
  t.equal(readFileSync(coordinator.path, 'utf8'), COORDINATOR);

  rmSync(staging, { recursive: true });
  writeFileSync(path.join(folder, COORDINATOR), 'a newer build');
  t.throws(() => stagePrograms(programs, staging), /it changed while the plan was made/);
  t.end();
});
