/** `/install.sh` and the archives that it asks for. Public: they hold no secret, and a machine has no token for them. */
import type { FastifyInstance } from 'fastify';
import { LongshoreError } from '../../fleet/errors.ts';
import type { Installer } from '../install/installer.ts';

export function registerInstall(app: FastifyInstance, installer: Installer): void {
  app.get('/install.sh', async (request, reply) => {
    // The scheme cannot be told behind a proxy, and an address has only one.
    const { text } = await installer.script(installer.addressOf(request.headers.host ?? ''));
    return reply.type('text/x-shellscript; charset=utf-8').header('cache-control', 'no-cache').send(text);
  });
  app.get<{ Params: { file: string } }>('/install/:file', async (request, reply) => {
    const archive = await installer.archives.open(request.params.file);
    if (archive === null) throw new LongshoreError('NOT_FOUND', `there is no program ${request.params.file}`);
    return reply.type('application/gzip').header('content-length', archive.bytes).send(archive.stream);
  });
}
