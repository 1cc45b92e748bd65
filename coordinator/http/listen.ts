/** Binds the server to its address, and says what to do where that cannot be had. */
import { LongshoreError } from '../../fleet/errors.ts';
import type { HttpServer } from './server.ts';

/** @returns the port bound @throws CONFIG_INVALID */
export async function listenOn(
  http: HttpServer,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  try {
    return await http.listen(host, port);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new LongshoreError('CONFIG_INVALID', `listen on ${host}:${port}: ${message}`, {
      cause: error,
      hint: HINTS[code] ?? 'Set `listen` to an address and port of this machine that are free.',
    });
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES:
    'Ports below 1024 need the capability CAP_NET_BIND_SERVICE: the unit of `longshore-coordinator install` gives it. Or set `listen` to a higher port.',
  EADDRINUSE: 'Stop what uses the port (`ss -ltnp` shows it), or set `listen` to another.',
  EADDRNOTAVAIL: 'No interface of this machine has that address: set `listen` to one that it has, or to 0.0.0.0.',
};
