// What `plan` and `deploy` leave in a registry. Real engine, real registry, real docker client.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import t from 'tap';
import { buildImages, PLANNED_TAG, tagPlannedImages, type DockerContext } from '../../../cli/images/build-images.ts';
import type { Environment } from '../../../cli/profile.ts';
import { createTerminal } from '../../../cli/terminal.ts';
import type { BuildSpec } from '../../../compose/keys/build.ts';
import { baseImages, engineForTests, needed } from '../../support/engine.ts';

const { engine, skip } = await engineForTests();

t.test('buildImages: what a plan has built is under no tag that an app follows', { skip }, async (t) => {
  const { registry } = needed(engine);
  // The registry outlives this run, and so do the engine's layers.
  const unique = randomBytes(6).toString('hex');
  const repository = `${registry}/planned-${unique}`;
  const image = `${repository}:1`;
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-build-'));
  t.teardown(() => {
    spawnSync('docker', ['image', 'rm', image, `${repository}:${PLANNED_TAG}`], { stdio: 'ignore' });
    rmSync(folder, { recursive: true, force: true });
  });
  const context = contextIn(folder);
  const build = (content: string, purpose: 'plan' | 'deploy') => {
    writeFileSync(
      path.join(folder, 'Dockerfile'),
      `FROM ${baseImages.busybox}\nLABEL content="${content} ${unique}"\n`,
    );
    return buildImages(context, [specOf(image, folder)], purpose);
  };

  const [planned] = await build('one', 'plan');
  t.equal(await digestOf(repository, '1'), null, 'nothing to find before the first deployment');
  t.equal(await digestOf(repository, PLANNED_TAG), planned?.digest);

  const [deployed] = await build('one', 'deploy');
  t.equal(deployed?.digest, planned?.digest, 'the same content, whatever its tag');
  t.equal(await digestOf(repository, '1'), planned?.digest);

  const [next] = await build('two', 'plan');
  t.not(next?.digest, planned?.digest);
  t.equal(await digestOf(repository, '1'), planned?.digest, 'the tag that hosts follow stays');

  // As on another machine than the one that planned.
  spawnSync('docker', ['image', 'rm', image, `${repository}:${PLANNED_TAG}`], { stdio: 'ignore' });
  await tagPlannedImages(context, next === undefined ? [] : [next]);
  t.equal(await digestOf(repository, '1'), next?.digest, 'a saved plan that is carried out moves it');
});

t.test('buildImages: arguments of the file never choose the program that runs', async (t) => {
  const folder = t.testdir({ mine: {}, theirs: {} });
  const programOf = (name: string, text: string) =>
    writeFileSync(path.join(folder, name, 'docker'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  programOf('mine', `echo "host=$DOCKER_HOST token=$LONGSHORE_TOKEN $*" >>${folder}/calls; echo "digest: ${DIGEST}"`);
  programOf('theirs', `echo theirs >>${folder}/calls`);
  const environment = { PATH: `${folder}/mine:/usr/bin:/bin`, LONGSHORE_TOKEN: 'lsa_x' };
  const args = { PATH: `${folder}/theirs`, DOCKER_HOST: 'tcp://theirs', LONGSHORE_TOKEN: '' };

  await buildImages(contextIn(folder, environment), [{ ...specOf('r:5000/web:1', '/app'), args }], 'deploy');

  const calls = readFileSync(path.join(folder, 'calls'), 'utf8').trimEnd().split('\n');
  t.match(calls[0], `host= token= build --tag r:5000/web:1 --file /app/Dockerfile --build-arg PATH=${folder}/theirs`);
  t.equal(calls[1], 'host= token= push r:5000/web:1');
  t.equal(calls.length, 2);
});

const DIGEST = `sha256:${'a'.repeat(64)}`;

function contextIn(
  folder: string,
  environment: Environment = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? folder },
): DockerContext {
  const [stdout, stderr] = [new PassThrough().resume(), new PassThrough().resume()];
  return {
    terminal: createTerminal({ stdin: new PassThrough(), stdout, stderr }, environment),
    environment,
    folder,
    signal: new AbortController().signal,
  };
}

function specOf(image: string, context: string): BuildSpec {
  return {
    service: 'web',
    image,
    context,
    dockerfile: 'Dockerfile',
    args: {},
    target: null,
    labels: {},
    noCache: false,
    pull: false,
    network: null,
    platform: null,
  };
}

async function digestOf(repository: string, tag: string): Promise<string | null> {
  const slash = repository.indexOf('/');
  const answer = await fetch(`http://${repository.slice(0, slash)}/v2${repository.slice(slash)}/manifests/${tag}`, {
    method: 'HEAD',
    headers: {
      accept: 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json',
    },
  });
  return answer.headers.get('docker-content-digest');
}
