import t from 'tap';
import { undeletedVolumes, volumeFindings as findingsOf } from '../../../../coordinator/control/plan-volumes.ts';
import type { DeclaredApp, VolumeFindings } from '../../../../coordinator/control/plan-volumes.ts';
import type { AppSpec, VolumeSpec } from '../../../../fleet/app-spec.ts';
import { anAppSpec, appName, aService, hostId } from '../../../support/app-builders.ts';

const withData = (data: Partial<VolumeSpec>, fields: Partial<AppSpec> = {}): AppSpec =>
  anAppSpec({
    volumes: { data: { external: false, name: null, driver: null, driverOpts: {}, labels: {}, ...data } },
    ...fields,
  });
const volumeFindings = (before: AppSpec | null, after: AppSpec): VolumeFindings =>
  findingsOf(before === null ? null : { spec: before, declared: {} }, { spec: after, declared: {} });
const NONE = { refused: [], warnings: [] };

t.test('plan volumes: a definition that cannot be changed is refused, each part by its place in the file', (t) => {
  const { refused } = volumeFindings(withData({ driverOpts: { type: 'nfs' } }), withData({ driver: 'x' }));
  t.match(refused, [
    { path: 'volumes.data.driver', message: /new `name`/ },
    { path: 'volumes.data.driver_opts.type', message: /put the old value back/ },
  ]);
  t.same(volumeFindings(withData({}), withData({ driver: 'local' })), NONE, 'the default by its name');
  t.same(volumeFindings(null, withData({ driver: 'x' })), NONE, 'the first release');
  t.end();
});

t.test('plan volumes: another name is another volume, which may be defined as it likes', (t) => {
  const { refused, warnings } = volumeFindings(withData({}), withData({ name: 'other', driver: 'x' }));
  t.same(refused, []);
  t.match(warnings, [/"other" instead of its default name.*data does not move/]);
  t.end();
});

t.test('plan volumes: labels stay as they are, with a word about it', (t) => {
  const { refused, warnings } = volumeFindings(withData({}), withData({ labels: { a: 'b' } }));
  t.same(refused, []);
  t.match(warnings, [/Labels of volume data cannot be changed/]);
  t.end();
});

t.test('plan volumes: a volume that may be made anew may have a new definition', (t) => {
  const next = withData({ driver: 'x' }, { recreateVolumes: ['data'] });
  t.same(volumeFindings(withData({}), next), NONE);
  t.end();
});

t.test('plan volumes: data in a volume that an image declares stays behind with a word', (t) => {
  const mount = { kind: 'volume' as const, volume: 'data', target: '/data', readOnly: false };
  const app = (
    name: string,
    fields: Parameters<typeof aService>[0],
    declared: readonly string[] | null,
  ): DeclaredApp => ({
    spec: anAppSpec({ services: { [name]: aService(fields) } }),
    declared: { [name]: declared },
  });
  const before = app('db', {}, ['/data', '/log']);
  t.same(findingsOf(before, app('db', {}, ['/log', '/data'])).warnings, []);
  t.match(findingsOf(before, app('db', { mounts: [mount] }, ['/data', '/log'])).warnings, [
    /^Volume db:\/data, .*not move/,
  ]);
  t.match(findingsOf(before, app('database', {}, ['/data'])).warnings, [/db:\/data/, /db:\/log/]);
  t.same(findingsOf(app('db', {}, null), app('database', {}, null)).warnings, [], 'what is not known');
  t.end();
});

t.test('plan volumes: a host that was to delete them, and has not, is named', (t) => {
  const app = appName('shop');
  const names = new Map([[hostId(1), 'away']]);
  const owing = (volumes: boolean) => [{ kind: 'remove' as const, host: hostId(1), app, volumes }];
  t.match(undeletedVolumes({ [hostId(1)]: { web: 1 } }, owing(true), names), [/still there on away: .*the old data/]);
  t.same(undeletedVolumes({ [hostId(1)]: { web: 1 } }, owing(false), names), []);
  t.same(undeletedVolumes({ [hostId(2)]: { web: 1 } }, owing(true), names), []);
  t.end();
});
