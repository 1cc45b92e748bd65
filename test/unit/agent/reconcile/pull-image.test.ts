import t from 'tap';
import type { ImageFacts, PullProgress } from '../../../../agent/engine/container-engine.ts';
import { pullWithProgress } from '../../../../agent/reconcile/pull-image.ts';
import { digest } from '../../../support/app-builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const request = { reference: 'registry.test:5000/web:1', digest: digest('a'), platform: null };
const quiet = 'waiting for the registry registry.test:5000';

function pulling() {
  const clock = new ManualClock();
  const said: string[] = [];
  let onProgress: (progress: PullProgress) => void = () => undefined;
  let end: (error: Error) => void = () => undefined;
  const pullImage = (_: unknown, report: typeof onProgress): Promise<ImageFacts> => {
    onProgress = report;
    return new Promise((_resolve, reject) => {
      end = reject;
    });
  };
  const say = (text: string): void => void said.push(text);
  const work = pullWithProgress({ engine: { pullImage }, clock }, request, say, new AbortController().signal);
  return {
    clock,
    said,
    hear: (isDownloading: boolean) => onProgress({ layersDone: 0, layers: 1, bytesDone: 3_000_000, isDownloading }),
    fail: async (): Promise<unknown> => {
      end(new Error('ended'));
      return work.catch((error: unknown) => error);
    },
  };
}

t.test('pullWithProgress: says after five seconds of silence that it waits for the registry', async (t) => {
  const { clock, said, hear, fail } = pulling();
  await clock.advance(4_999);
  t.same(said, []);
  await clock.advance(1);
  t.same(said, [quiet]);

  hear(true);
  await clock.advance(4_999);
  t.same(said, [quiet, '0 of 1 layers, 3 MB'], 'a layer that comes again');
  await clock.advance(1);
  t.same(said.slice(2), [quiet], 'and stops');

  t.match(await fail(), { message: 'ended' });
  t.equal(clock.sleepers, 0);
});

t.test('pullWithProgress: an engine that unpacks does not wait for the registry', async (t) => {
  const { clock, said, hear, fail } = pulling();
  hear(false);
  await clock.advance(60_000);

  t.same(said, ['0 of 1 layers, 3 MB']);
  await fail();
});

t.test(
  'pullWithProgress: says nothing more once it is called off, however long the engine takes to notice',
  async (t) => {
    const clock = new ManualClock();
    const said: string[] = [];
    const stop = new AbortController();
    const pullImage = (): Promise<ImageFacts> => new Promise(() => undefined);
    void pullWithProgress({ engine: { pullImage }, clock }, request, (text) => said.push(text), stop.signal);

    stop.abort();
    await clock.advance(20_000);

    t.same(said, []);
    t.equal(clock.sleepers, 0, 'nothing keeps the process alive');
  },
);
