import t from 'tap';
import {
  engineError,
  isAbort,
  isSocketFault,
  pullError,
  retryAfterOf,
  toFailure,
} from '../../../../agent/engine/engine-error.ts';
import type { ErrorCode } from '../../../../fleet/errors.ts';

const inStream = (message: string) => ({ status: null, errno: null, message });
const answer = (status: number, message: string) => ({ status, errno: null, message });

/** As Docker 20.10 to 28, containerd and registries of several makers write them. */
const pulls: readonly (readonly [ErrorCode, string])[] = [
  ['IMAGE_NOT_FOUND', 'manifest for 127.0.0.1:5000/web@sha256:00 not found: manifest unknown: manifest unknown'],
  ['IMAGE_NOT_FOUND', 'manifest unknown'],
  ['IMAGE_NOT_FOUND', 'name unknown: repository name not known to registry'],
  ['IMAGE_NOT_FOUND', 'failed to resolve reference "registry.test/web:1": registry.test/web:1: not found'],
  ['IMAGE_NOT_FOUND', 'error from registry: The image was not found'],
  [
    'REGISTRY_DENIED',
    "pull access denied for shop/web, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  ],
  ['REGISTRY_DENIED', 'unauthorized: authentication required'],
  ['REGISTRY_DENIED', 'Get "https://images.test/v2/": unauthorized: incorrect username or password'],
  ['REGISTRY_DENIED', 'no basic auth credentials'],
  ['REGISTRY_DENIED', 'denied: Permission "artifactregistry.repositories.downloadArtifacts" denied on resource'],
  ['REGISTRY_DENIED', 'failed to authorize: failed to fetch oauth token: unexpected status: 403 Forbidden'],
  [
    'REGISTRY_DENIED',
    'unexpected status from HEAD request to https://images.test/v2/web/manifests/1: 401 Unauthorized',
  ],
  [
    'REGISTRY_RATE_LIMITED',
    'toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating',
  ],
  [
    'REGISTRY_RATE_LIMITED',
    'error pulling image configuration: download failed after attempts=6: toomanyrequests: retry-after: 1m3.5s, allowed: 44000/minute',
  ],
  ['REGISTRY_RATE_LIMITED', 'unexpected status from GET request: 429 Too Many Requests'],
  ['REGISTRY_UNAVAILABLE', 'Get "https://images.test/v2/": dial tcp 10.0.0.1:443: connect: connection refused'],
  ['REGISTRY_UNAVAILABLE', 'Get "https://images.test/v2/": dial tcp: lookup images.test on 10.0.0.2:53: no such host'],
  ['REGISTRY_UNAVAILABLE', 'Get "https://images.test/v2/": net/http: TLS handshake timeout'],
  ['REGISTRY_UNAVAILABLE', 'Get "https://images.test/v2/": context deadline exceeded'],
  ['REGISTRY_UNAVAILABLE', 'received unexpected HTTP status: 503 Service Unavailable'],
  ['REGISTRY_UNAVAILABLE', 'unexpected EOF'],
  ['REGISTRY_UNAVAILABLE', 'read tcp 10.0.0.3:33212->10.0.0.1:443: read: connection reset by peer'],
  ['REGISTRY_UNAVAILABLE', 'Get "https://images.test/v2/": x509: certificate signed by unknown authority'],
  ['REGISTRY_UNAVAILABLE', 'Get "https://images.test/v2/": http: server gave HTTP response to HTTPS client'],
  ['REGISTRY_UNAVAILABLE', 'something that nobody has seen before'],
  ['NO_SPACE', 'failed to register layer: write /usr/lib/x: no space left on device'],
  ['NO_SPACE', 'write /var/lib/docker/tmp/GetImageBlob123: no space left on device'],
  ['IMAGE_PLATFORM', 'no matching manifest for linux/arm64/v8 in the manifest list entries'],
  [
    'IMAGE_PLATFORM',
    'no matching manifest for linux/arm64/v8 in the manifest list entries: no match for platform in manifest: not found',
  ],
  [
    'IMAGE_PLATFORM',
    'image with reference web:1 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64',
  ],
  [
    'IMAGE_PLATFORM',
    'image operating system "windows" cannot be used on this platform: operating system is not supported',
  ],
];

/** As Docker 20.10 wrote them when a registry answered with what the second column says. */
const recorded: readonly (readonly [ErrorCode, string, string])[] = [
  ['IMAGE_INVALID', 'a Helm chart', 'unsupported media type application/vnd.cncf.helm.config.v1+json'],
  ['IMAGE_INVALID', 'an artifact', 'unsupported media type application/vnd.oci.empty.v1+json'],
  ['IMAGE_INVALID', 'layers of an unknown kind', 'unsupported media type application/vnd.example.layer.v9'],
  ['IMAGE_INVALID', 'a manifest of an unknown kind, or of schema 1', 'missing signature key'],
  ['IMAGE_INVALID', 'a plugin', 'Encountered remote "application/vnd.docker.plugin.v1+json"(plugin) when fetching'],
  ['IMAGE_INVALID', 'fewer layers than named', "layers from manifest don't match image configuration"],
  [
    'IMAGE_INVALID',
    'a layer that is no archive',
    'failed to register layer: Error processing tar file(exit status 1): unexpected EOF',
  ],
  // The next ones as the sources of moby 29 and containerd 2 have them.
  ['IMAGE_INVALID', 'schema 1', 'media-type: schema 1 not supported'],
  [
    'IMAGE_INVALID',
    'schema 1, refused by the engine',
    'Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed',
  ],
  [
    'IMAGE_INVALID',
    'schema 1, asked for by tag',
    'not implemented: media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer supported since containerd v2.1',
  ],
  ['IMAGE_INVALID', 'fewer layers than named', 'mismatched image rootfs and manifest layers'],
  ['IMAGE_INVALID', 'another layer than named', 'wrong diff id calculated on extraction "sha256:00"'],
  [
    'IMAGE_INVALID',
    'an index of something else',
    'unexpected media type text/html for sha256:0f23ed08562e79f91eae2ac0c9a67b907814be01b927ad4d200bc728e506a8d6: not found',
  ],
  ['REGISTRY_UNAVAILABLE', 'a layer that is too short', 'short read: expected 180 bytes but got 90: unexpected EOF'],
  ['IMAGE_PLATFORM', 'an image of Windows', 'image operating system "windows" cannot be used on this platform'],
  ['IMAGE_PLATFORM', 'an index without ours', 'no matching manifest for linux/amd64 in the manifest list entries'],
  ['IMAGE_NOT_FOUND', 'no such repository', 'name unknown'],
  ['IMAGE_NOT_FOUND', 'no such manifest', 'manifest unknown'],
  ['IMAGE_NOT_FOUND', 'a layer that is gone', 'unknown blob'],
  [
    'IMAGE_NOT_FOUND',
    'a configuration that is gone',
    'error pulling image configuration: download failed after attempts=1: unknown blob',
  ],
  [
    'IMAGE_NOT_FOUND',
    '404 in words of its own',
    'error parsing HTTP 404 response body: invalid character \'p\' after top-level value: "404 page not found"',
  ],
  ['IMAGE_NOT_FOUND', 'a name in capitals', 'invalid reference format: repository name must be lowercase'],
  ['REGISTRY_DENIED', '401', 'unauthorized'],
  ['REGISTRY_DENIED', '403', 'denied'],
  [
    'REGISTRY_DENIED',
    '451',
    "pull access denied for r.test/web, repository does not exist or may require 'docker login': denied: blocked for legal reasons",
  ],
  ['REGISTRY_RATE_LIMITED', '429', 'toomanyrequests: slow down'],
  [
    'REGISTRY_RATE_LIMITED',
    '429 in words of its own',
    'error parsing HTTP 429 response body: invalid character \'s\' looking for beginning of value: "slow down"',
  ],
  ['REGISTRY_UNAVAILABLE', '500', 'received unexpected HTTP status: 500 Internal Server Error'],
  ['REGISTRY_UNAVAILABLE', '504', 'received unexpected HTTP status: 504 Gateway Timeout'],
  [
    'REGISTRY_UNAVAILABLE',
    'a connection that broke, of a repository with a number for its name',
    'Get "http://127.0.0.1:5055/v2/app-404/manifests/sha256:a3c0909ad7082858b2a3135b2c829c65a0dac1fdd748285c2128b4e4745ddabb": EOF',
  ],
  [
    'REGISTRY_UNAVAILABLE',
    'no registry there',
    'Get "http://127.0.0.1:5999/v2/": dial tcp 127.0.0.1:5999: connect: connection refused',
  ],
  [
    'REGISTRY_UNAVAILABLE',
    'no such name',
    'Get "https://nosuch.invalid/v2/": dial tcp: lookup nosuch.invalid on 10.0.0.53:53: no such host',
  ],
  [
    'REGISTRY_UNAVAILABLE',
    'a layer with other bytes',
    'filesystem layer verification failed for digest sha256:0f23ed08562e79f91eae2ac0c9a67b907814be01b927ad4d200bc728e506a8d6',
  ],
  [
    'REGISTRY_UNAVAILABLE',
    'a manifest with other bytes',
    'manifest verification failed for digest sha256:ea01dd53cd2516196a94191b34a66ae4f7e17c7b2e7c310b45a90c7b06d6a403',
  ],
  ['REGISTRY_UNAVAILABLE', 'a layer that is cut off', 'expected HTTP 206 from byte range request'],
];

t.test('pullError: what can pass is tried again, and what cannot is not', (t) => {
  for (const [code, what, message] of recorded) {
    const error = pullError('pull web', inStream(message));
    t.equal(error.code, code, what);
    t.equal(error.retryable, code === 'REGISTRY_UNAVAILABLE' || code === 'REGISTRY_RATE_LIMITED', `${what}: retryable`);
  }
  t.end();
});

t.test('pullError: each wording of engines and registries has its code', (t) => {
  for (const [code, message] of pulls) t.equal(pullError('pull web', inStream(message)).code, code, message);
  t.end();
});

t.test('pullError: the message keeps operation and words, the hint is special where the fix is', (t) => {
  const error = pullError('pull web', inStream('http: server gave HTTP response to HTTPS client'));

  t.equal(error.message, 'pull web: http: server gave HTTP response to HTTPS client');
  t.match(error.problem.hint, /insecure-registries/);
  t.end();
});

t.test('pullError: how long to wait is kept', (t) => {
  t.equal(pullError('pull', inStream('toomanyrequests: retry-after: 1m3.5s, allowed: 1/minute')).retryAfterMs, 63_500);
  t.equal(pullError('pull', inStream('toomanyrequests: enough')).retryAfterMs, null);
  t.end();
});

t.test('retryAfterOf: seconds, and durations as Go writes them', (t) => {
  t.equal(retryAfterOf('Retry-After: 30'), 30_000);
  t.equal(retryAfterOf('retry-after: 148.5µs, allowed'), 1);
  t.equal(retryAfterOf('retry-after: 1h2m3s'), 3_723_000);
  t.equal(retryAfterOf('retry-after: 250ms'), 250);
  t.equal(retryAfterOf('too many requests'), null);
  t.end();
});

const calls: readonly (readonly [ErrorCode, number | null, string])[] = [
  [
    'PORT_IN_USE',
    500,
    'driver failed programming external connectivity on endpoint x: Bind for 0.0.0.0:8080 failed: port is already allocated',
  ],
  ['PORT_IN_USE', 500, 'failed to bind host port for 0.0.0.0:80:172.17.0.2:80/tcp: address already in use'],
  ['PORT_IN_USE', 500, 'Error starting userland proxy: listen tcp4 0.0.0.0:53: bind: address already in use'],
  ['ADDRESS_IN_USE', 403, 'Address already in use'],
  ['ADDRESS_IN_USE', 403, 'failed to set up container networking: Address already in use'],
  ['CONFLICT', 403, 'Pool overlaps with other one on this address space'],
  ['CONFLICT', 400, 'invalid pool request: Pool overlaps with other one on this address space'],
  ['CONFLICT', 409, 'Container 42 is not running'],
  ['CONFLICT', 409, 'task 30b5e1111859: already exists'],
  ['CONFLICT', 500, 'OCI runtime create failed: container with id exists: 30b5e1111859: unknown'],
  ['NOT_FOUND', 404, 'No such container: longshore-x'],
  ['NOT_FOUND', 404, 'network longshore-x not found'],
  ['IMAGE_NOT_FOUND', 404, 'No such image: sha256:00'],
  ['NO_SPACE', 500, 'error creating overlay mount: no space left on device'],
  [
    'ENGINE_UNAVAILABLE',
    500,
    'connection error: desc = "transport: dial unix /run/containerd/containerd.sock: connect: connection refused": containerd unavailable',
  ],
  ['ENGINE_UNAVAILABLE', 503, 'starting up'],
  [
    'ENGINE_UNSUITABLE',
    400,
    'client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version',
  ],
  ['ENGINE_REFUSED', 400, 'OCI runtime create failed: exec: "nope": executable file not found in $PATH'],
];

t.test("engineError: each wording of the engine has its code; what is unknown is the engine's refusal", (t) => {
  for (const [code, status, message] of calls) {
    t.equal(engineError('start web', { status, errno: null, message }).code, code, message);
  }
  t.end();
});

t.test('engineError: a socket that does not answer is an engine that is away', (t) => {
  const failures = ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'].map((errno) => ({
    status: null,
    errno,
    message: `connect ${errno} /var/run/docker.sock`,
  }));

  for (const failure of failures) {
    t.equal(engineError('list', failure).code, 'ENGINE_UNAVAILABLE');
    t.equal(pullError('pull', failure).code, 'ENGINE_UNAVAILABLE', 'also under a pull');
  }
  const denied = engineError('list', { status: null, errno: 'EACCES', message: 'connect EACCES /var/run/docker.sock' });
  t.equal(denied.code, 'ENGINE_UNAVAILABLE');
  t.match(denied.problem.hint, /group `docker`/);
  t.equal(engineError('list', inStream('socket hang up')).code, 'ENGINE_UNAVAILABLE');
  t.end();
});

t.test("toFailure: takes the engine's words out of dockerode's", (t) => {
  const thrown = Object.assign(new Error('(HTTP code 404) no such container - No such container: x '), {
    statusCode: 404,
    json: { message: 'No such container: x' },
  });

  t.same(toFailure(thrown), answer(404, 'No such container: x'));
  t.same(toFailure(Object.assign(new Error('connect ENOENT x'), { code: 'ENOENT' })), {
    status: null,
    errno: 'ENOENT',
    message: 'connect ENOENT x',
  });
  t.same(toFailure('odd'), inStream('odd'));
  t.end();
});

t.test('isAbort and isSocketFault: tell who ended a call', (t) => {
  t.ok(isAbort(new DOMException('x', 'AbortError')));
  t.ok(isAbort(new DOMException('x', 'TimeoutError')));
  t.notOk(isAbort(new Error('x')));
  t.ok(isSocketFault(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));
  t.notOk(isSocketFault(Object.assign(new Error('x'), { statusCode: 500 })));
  t.end();
});

t.test('engineError: a taken port is named without the words of the engine', (t) => {
  const texts = calls.flatMap(([code, status, message]) => (code === 'PORT_IN_USE' ? [{ status, message }] : []));
  const found = texts.map(({ status, message }) => engineError('start i-1', { status, errno: null, message }).message);
  t.same(
    found,
    [8080, 80, 53].map((port) => `start i-1: host port ${port} is taken by another program on this host`),
  );
  t.end();
});
