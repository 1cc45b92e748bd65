import t from 'tap';
import { tagChanges, wantedTags } from '../../../../coordinator/google/keep-tags.ts';
import { anAppSpec, appName, aRelease, aService, digest } from '../../../support/app-builders.ts';

const PREFIX = 'europe-west1-docker.pkg.dev/my-project/ship';
const image = (reference: string, letter: string) => ({
  reference,
  digest: digest(letter),
  pull: 'always' as const,
  platform: null,
});

function release(app: string, number: number, images: Readonly<Record<string, ReturnType<typeof image>>>) {
  const services = Object.fromEntries(Object.entries(images).map(([name, of]) => [name, aService({ image: of })]));
  return aRelease({ app: appName(app), number, spec: anAppSpec({ name: appName(app), services }) });
}

t.test("wantedTags: one tag for each image of a kept release in the fleet's own repository", (t) => {
  const releases = [
    release('shop', 3, {
      web: image(`${PREFIX}/shop/web:latest`, 'a'),
      worker: image(`${PREFIX}/shop/web:latest`, 'a'),
      db: image('docker.io/library/postgres:16', 'b'),
      near: image('europe-west1-docker.pkg.dev/my-project/ship-other/x:1', 'c'),
    }),
    release('blog', 1, { web: image(`${PREFIX}/blog:1`, 'd') }),
  ];

  t.same(wantedTags(PREFIX, releases), [
    { package: 'shop/web', tag: 'keep-shop-3', digest: digest('a') },
    { package: 'blog', tag: 'keep-blog-1', digest: digest('d') },
  ]);
  t.end();
});

t.test('wantedTags: two images of one name in one release get a tag each, which no other release can have', (t) => {
  const two = release('shop', 3, { web: image(`${PREFIX}/shop:1`, 'b'), old: image(`${PREFIX}/shop:0`, 'a') });

  t.same(
    wantedTags(PREFIX, [two]).map(({ tag, digest: of }) => [tag, of]),
    [
      ['keep-shop-3', digest('a')],
      ['keep-shop-3.2', digest('b')],
    ],
  );
  t.end();
});

t.test(
  "tagChanges: adds what is missing, moves what is another image's, takes off what expired, leaves people's",
  (t) => {
    const tag = (name: string, letter: string) => ({ package: 'shop', tag: name, digest: digest(letter) });

    const changes = tagChanges(
      [tag('keep-shop-2', 'b'), tag('keep-shop-3', 'c'), tag('keep-shop-4', 'd')],
      [tag('keep-shop-1', 'a'), tag('keep-shop-2', 'b'), tag('keep-shop-3', 'x'), tag('keep-this', 'z')],
    );

    t.same(changes, {
      add: [tag('keep-shop-4', 'd')],
      move: [tag('keep-shop-3', 'c')],
      remove: [tag('keep-shop-1', 'a')],
    });
    t.same(tagChanges(changes.add, changes.add), { add: [], move: [], remove: [] });
    t.end();
  },
);
