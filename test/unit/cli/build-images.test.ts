import t from 'tap';
import { buildArguments, pushedDigest } from '../../../cli/images/build-images.ts';

const build = {
  service: 'web',
  image: 'r:5000/web:1',
  context: '/app',
  dockerfile: 'Dockerfile',
  args: { TOKEN: 'secret' },
  target: null,
  labels: {},
  noCache: false,
  pull: false,
  network: null,
  platform: null,
};

t.test('buildArguments: values of build arguments never stand in argv', (t) => {
  const found = buildArguments(build);

  t.same(found, ['build', '--tag', 'r:5000/web:1', '--file', '/app/Dockerfile', '--build-arg', 'TOKEN', '/app']);
  t.notMatch(found.join(' '), /secret/);
  t.end();
});

t.test('pushedDigest: the last one that docker says', (t) => {
  const digest = `sha256:${'a'.repeat(64)}`;

  t.equal(pushedDigest(`layer\n1: digest: ${digest} size: 528\n`), digest);
  t.equal(pushedDigest('denied'), null);
  t.end();
});
