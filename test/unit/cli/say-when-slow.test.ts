import t from 'tap';
import { planningWaitsFor, sayWhenSlow } from '../../../cli/say-when-slow.ts';
import { anAppSpec, aService, digest } from '../../support/app-builders.ts';

t.test('sayWhenSlow: says what it waits for once, and only where it takes long', async (t) => {
  const said: string[] = [];
  let answer: (value: number) => void = () => undefined;
  const terminal = {
    err: (text: string): void => {
      said.push(text);
      answer(2);
    },
  };

  t.equal(await sayWhenSlow(terminal, 'waiting', Promise.resolve(1), 60_000), 1);
  t.same(said, []);
  const slow = new Promise<number>((resolve) => {
    answer = resolve;
  });
  t.equal(await sayWhenSlow(terminal, 'waiting', slow, 1), 2);
  t.same(said, ['waiting']);
  await t.rejects(sayWhenSlow(terminal, 'waiting', Promise.reject(new Error('no')), 60_000), { message: 'no' });
});

t.test('planningWaitsFor: the registries of tags that are to be resolved', (t) => {
  const image = (reference: string, pinned: boolean) =>
    aService({ image: { reference, digest: pinned ? digest('a') : null, pull: 'always', platform: null } });
  const spec = anAppSpec({
    services: {
      web: image('r2.test/web:1', false),
      db: image('db:16', false),
      cache: image('r1.test/cache:1', true),
      built: image('r3.test/built:1', false),
    },
  });

  t.equal(planningWaitsFor(spec, { built: digest('b') }), 'waiting for the registry docker.io, r2.test');
  t.equal(planningWaitsFor(anAppSpec({ services: {} }), {}), 'waiting for the coordinator');
  t.end();
});
