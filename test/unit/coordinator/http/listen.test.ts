import t from 'tap';
import { listenOn } from '../../../../coordinator/http/listen.ts';
import type { HttpServer } from '../../../../coordinator/http/server.ts';

t.test('listen: the hint fits the reason', async (t) => {
  const refused = (code: string): Promise<number> => {
    const listen = (): Promise<number> => Promise.reject(Object.assign(new Error(`bind ${code}`), { code }));
    return listenOn({ listen } as unknown as HttpServer, { host: '0.0.0.0', port: 443 });
  };
  for (const [code, hint] of [
    ['EACCES', /CAP_NET_BIND_SERVICE/],
    ['EADDRINUSE', /Stop what uses the port/],
    ['EADDRNOTAVAIL', /No interface/],
    ['EAFNOSUPPORT', /Set `listen`/],
  ] as const)
    await t.rejects(refused(code), { code: 'CONFIG_INVALID', message: /0\.0\.0\.0:443/, problem: { hint } });
});
