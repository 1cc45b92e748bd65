import t from 'tap';
import { LongshoreError } from '../../../../fleet/errors.ts';
import type { GoogleCall } from '../../../../infra/google/google-request.ts';
import { checkSnapshots } from '../../../../infra/plan/check-snapshots.ts';

const asked: GoogleCall[] = [];

async function check(status: number, body: unknown, token: string | null = 'a-token'): Promise<string> {
  try {
    const lines = await checkSnapshots({
      fleet: { project: 'my-project' },
      snapshots: ['monday'],
      token: async () => token,
      request: async (call) => {
        asked.push(call);
        if (status === 0) throw new Error('fetch failed', { cause: new Error('no route') });
        return { status, body };
      },
      endpoint: 'https://compute',
    });
    return lines.join('\n');
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    return `${error.problem.code} ${error.problem.message}`;
  }
}

t.test('snapshots: one that is there is told with its age', async (t) => {
  const body = {
    status: 'READY',
    creationTimestamp: '2026-09-01T03:00',
    sourceDisk: 'https://x/zones/a/disks/shop-data',
  };
  t.equal(await check(200, body), 'Snapshot monday: of shop-data, made at 2026-09-01T03:00.');
  t.match(asked, [
    {
      url: 'https://compute/projects/my-project/global/snapshots/monday',
      headers: { authorization: 'Bearer a-token' },
    },
  ]);
});

t.test('snapshots: one that is not there, not ready or not seen is refused before anything goes', async (t) => {
  t.match(await check(404, {}), /INFRA_UNREADY .*"monday" does not exist/);
  t.match(await check(200, { status: 'UPLOADING' }), /"monday" is not ready yet \(UPLOADING\)/);
  t.match(await check(403, {}), /could not be read \(status 403\)/);
  t.match(await check(0, {}), /could not be asked for: no route/);
});

t.test('snapshots: what cannot be checked is said', async (t) => {
  t.match(await check(200, {}, null), /Not checked, .*monday/);
});
