// scripts/providers.sh with a Go that only writes down what it was asked for: what is built when, and where it ends up.
// The real build takes minutes; the suites with the real Terraform use what it made.
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';

const GO = `#!/bin/bash
case "$1 $2" in
  'env GOOS') echo linux ;;
  'env GOARCH') echo amd64 ;;
  'version -m') cat "$3" ;;
  'build '*)
    echo "$CGO_ENABLED $*" >>"$GO_LOG"
    [ -z "\${GO_FAILS:-}" ] || { echo 'no space left' >&2; exit 1; }
    while [ "$1" != -o ]; do shift; done
    # What a program tells of itself, here as its text: the pins of go.mod.
    cat go.mod >"$2" && chmod +x "$2"
    ;;
esac
`;

class Bench {
  readonly folder: string;
  readonly cache: string;

  constructor(t: Test) {
    this.folder = t.testdir();
    this.cache = path.join(this.folder, 'cache');
    mkdirSync(path.join(this.folder, 'bin'));
    writeFileSync(path.join(this.folder, 'bin', 'go'), GO);
    chmodSync(path.join(this.folder, 'bin', 'go'), 0o755);
  }

  get built(): readonly string[] {
    const log = path.join(this.folder, 'log');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  }

  mirrored(address: string, file: string): string {
    return path.join(this.cache, 'mirror/registry.terraform.io', address, 'linux_amd64', file);
  }

  async run(
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<{ exit: number; out: string; err: string }> {
    return await new Promise((resolve) => {
      const env = {
        PATH: `${path.join(this.folder, 'bin')}:/usr/bin:/bin`,
        LONGSHORE_PROVIDERS: this.cache,
        GO_LOG: path.join(this.folder, 'log'),
        ...variables,
      };
      execFile('bash', ['scripts/providers.sh', ...args], { env }, (error, out, err) =>
        resolve({ exit: error === null ? 0 : Number(error.code), out, err }),
      );
    });
  }
}

t.test('providers.sh: builds what is missing, once, into a mirror that Terraform is told of', async (t) => {
  const bench = new Bench(t);

  const first = await bench.run([]);

  t.equal(first.exit, 0, first.err);
  t.match(bench.built, [
    /^0 build -mod=mod -buildvcs=false -ldflags -s -w -o \S+ github\.com\/hashicorp\/terraform-provider-google$/,
    /^0 build .* github\.com\/terraform-providers\/terraform-provider-docker$/,
  ]);
  t.ok(existsSync(bench.mirrored('hashicorp/google/8.0.0', 'terraform-provider-google_v8.0.0')));
  t.ok(existsSync(bench.mirrored('kreuzwerker/docker/4.0.0', 'terraform-provider-docker_v4.0.0')));
  const configuration = path.join(bench.cache, 'terraform.rc');
  t.match(first.out, `export TF_CLI_CONFIG_FILE=${configuration}\n`);
  t.match(readFileSync(configuration, 'utf8'), `path    = "${path.join(bench.cache, 'mirror')}"`);

  const second = await bench.run([]);
  t.equal(second.out, first.out);
  t.equal(bench.built.length, 2, 'nothing is built twice');

  writeFileSync(bench.mirrored('kreuzwerker/docker/4.0.0', 'terraform-provider-docker_v4.0.0'), 'of another version');
  t.equal((await bench.run(['docker'])).exit, 0);
  t.equal(bench.built.length, 3, 'another version is replaced');
});

t.test('providers.sh: what was built before and lies in the cache is taken over', async (t) => {
  const bench = new Bench(t);
  mkdirSync(bench.cache);
  writeFileSync(path.join(bench.cache, 'build-google'), readFileSync('scripts/providers/go.mod'));
  chmodSync(path.join(bench.cache, 'build-google'), 0o755);

  const { exit, err } = await bench.run(['google']);

  t.equal(exit, 0);
  t.match(err, /is taken over from/);
  t.same(bench.built, []);
});

t.test('providers.sh: a build that fails leaves nothing that looks like a provider', async (t) => {
  const bench = new Bench(t);

  const { exit, out, err } = await bench.run(['google'], { GO_FAILS: '1' });

  t.equal(exit, 2);
  t.equal(out, '', 'nothing for the shell to run');
  t.match(err, /no space left[^]*building hashicorp\/google failed/);
  t.notOk(existsSync(bench.mirrored('hashicorp/google/8.0.0', 'terraform-provider-google_v8.0.0')));
  t.notOk(existsSync(path.join(bench.cache, 'terraform.rc')));
});

t.test('providers.sh: unknown providers and a machine without Go', async (t) => {
  const bench = new Bench(t);

  const unknown = await bench.run(['google', 'azure']);
  t.equal(unknown.exit, 2);
  t.match(unknown.err, /there is no provider "azure": google, docker/);
  t.same(bench.built, [], 'before anything is built');
  const withoutGo = await bench.run([], { PATH: goFree() });
  t.equal(withoutGo.exit, 2);
  t.match(withoutGo.err, /Go is not installed/);
});

/** Folders with the usual commands and no Go; a folder that has one is left out. */
function goFree(): string {
  return ['/usr/bin', '/bin'].filter((folder) => !existsSync(path.join(folder, 'go'))).join(':');
}
