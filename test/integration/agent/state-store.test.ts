import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { type AppJournal, emptyJournal } from '../../../agent/state/app-journal.ts';
import { StateStore } from '../../../agent/state/state-store.ts';
import { aRunEntry } from '../../support/agent-entries.ts';
import { aRecord } from '../../support/agent-planning.ts';
import { appName, hostId } from '../../support/app-builders.ts';

const app = appName('web');
const entry = aRunEntry({ services: { web: { version: 'a' } } });
const journal: AppJournal = {
  ...emptyJournal(app),
  subnet: '10.213.0.0/24',
  committed: { release: 1, entry, instances: { 'web/1': aRecord(1) } },
};

async function folder(test: { teardown(end: () => Promise<void>): void }): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'longshore-state-'));
  test.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

t.test('StateStore: a new folder holds nothing', async (t) => {
  t.same(await new StateStore(await folder(t)).load(), { assignment: null, journals: {}, damage: [] });
});

t.test('StateStore: what was saved is read whole; what was forgotten is gone', async (t) => {
  const dir = await folder(t);
  const store = new StateStore(dir);
  const assignment = { host: hostId(1), epoch: 1, generation: 4, entries: [entry] };
  await store.saveAssignment({ assignment, hash: 'h' });
  await store.saveJournal(journal);
  await store.saveJournal({ ...emptyJournal(appName('other')), subnet: null });
  await store.forgetJournal(appName('other'));
  t.same(await new StateStore(dir).load(), {
    assignment: { assignment, hash: 'h' },
    journals: { web: journal },
    damage: [],
  });
});

t.test('StateStore: writes of one file follow each other; the last one counts', async (t) => {
  const dir = await folder(t);
  const store = new StateStore(dir);
  await Promise.all([1, 2, 3].map((index) => store.saveJournal({ ...journal, subnet: `10.213.${index}.0/24` })));
  t.equal((await store.load()).journals.web?.subnet, '10.213.3.0/24');
});

t.test("StateStore: a damaged file is set aside, said, and stands in nobody else's way", async (t) => {
  const dir = await folder(t);
  const store = new StateStore(dir);
  await store.saveJournal(journal);
  await store.saveJournal(emptyJournal(appName('other')));
  const file = path.join(dir, 'journal', 'web.json');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.slice(0, text.length / 2));

  const loaded = await store.load();
  t.same(Object.keys(loaded.journals), ['other']);
  t.match(loaded.damage, [/the journal of web cannot be read \(it is not JSON\).*web\.json\.damaged/]);
  t.equal(await readFile(`${file}.damaged`, 'utf8'), text.slice(0, text.length / 2), 'kept for people');
  t.same((await store.load()).damage, [], 'said once');
});

t.test(
  'StateStore: a file of a newer agent is read without what is new in it; another version is set aside',
  async (t) => {
    const dir = await folder(t);
    const store = new StateStore(dir);
    await store.saveJournal(journal);
    const file = path.join(dir, 'journal', 'web.json');
    const written = JSON.parse(await readFile(file, 'utf8')) as { journal: { committed: { entry: { spec: object } } } };
    written.journal.committed.entry.spec = { ...written.journal.committed.entry.spec, aKeyOfTomorrow: 1 };
    await writeFile(file, JSON.stringify(written));
    t.same((await store.load()).journals.web, journal);

    await writeFile(file, JSON.stringify({ ...written, version: 99 }));
    t.match((await store.load()).damage, [/the journal of web cannot be read/]);
  },
);
