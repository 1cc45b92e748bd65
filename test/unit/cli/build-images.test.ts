import t from 'tap';
import { buildArguments, dockerEnvironment, pushedDigest } from '../../../cli/images/build-images.ts';

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

t.test('buildArguments: values stand beside their names, what the environment has already by name alone', (t) => {
  const environment = { TOKEN: 'secret', MODE: 'of the shell' };
  const args = { TOKEN: 'secret', MODE: 'of the file', PATH: '/app/bin', DOCKER_HOST: 'tcp://elsewhere' };

  const found = buildArguments({ ...build, args }, environment);

  t.same(found, [
    ...['build', '--tag', 'r:5000/web:1', '--file', '/app/Dockerfile'],
    ...['--build-arg', 'TOKEN', '--build-arg', 'MODE=of the file'],
    ...['--build-arg', 'PATH=/app/bin', '--build-arg', 'DOCKER_HOST=tcp://elsewhere'],
    '/app',
  ]);
  t.notMatch(found.join(' '), /secret/);
  t.end();
});

t.test('buildArguments: a folder is never read as a flag', (t) => {
  t.equal(buildArguments({ ...build, context: '-rf', dockerfile: '/f' }, {}).at(-1), './-rf');
  t.end();
});

t.test("dockerEnvironment: the user's own, without Longshore's token", (t) => {
  t.same(dockerEnvironment({ PATH: '/bin', DOCKER_HOST: 'unix:///d', LONGSHORE_TOKEN: 'lsa_x' }), {
    PATH: '/bin',
    DOCKER_HOST: 'unix:///d',
    DOCKER_CLI_HINTS: 'false',
  });
  t.end();
});

t.test('pushedDigest: the last one that docker says', (t) => {
  const digest = `sha256:${'a'.repeat(64)}`;

  t.equal(pushedDigest(`layer\n1: digest: ${digest} size: 528\n`), digest);
  t.equal(pushedDigest('denied'), null);
  t.end();
});
