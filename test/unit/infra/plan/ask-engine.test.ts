import { createServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { engineSocketOf } from '../../../../infra/engine-socket.ts';
import { engineProblem } from '../../../../infra/plan/ask-engine.ts';

t.test('engine of the local stack: on this machine, behind a socket at which it answers', async (t) => {
  // A socket's path is short.
  const folder = mkdtempSync(path.join(tmpdir(), 'engine-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const socket = path.join(folder, 'docker.sock');
  const variables = { DOCKER_HOST: `unix://${socket}` };
  t.equal(engineSocketOf(variables), socket);
  t.match(await engineProblem(variables), /does not answer at .*docker\.sock \(ENOENT\): start it/);

  let status = 500;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(status).end('OK');
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.teardown(() => server.close());
  t.match(await engineProblem(variables), /\(status 500\)/);
  status = 200;
  t.equal(await engineProblem(variables), null);
  t.same(asked, ['GET /_ping', 'GET /_ping']);
  t.match(await engineProblem({ DOCKER_HOST: 'tcp://10.0.0.1:2375' }), /an engine of this machine/);
});
