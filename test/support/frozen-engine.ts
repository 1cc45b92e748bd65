/**
 * A way to the real engine that a test can freeze: it goes on taking connections and passes nothing on, as a daemon
 * does that hangs. What was sent meanwhile reaches the engine when it thaws, also from callers who have left.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import { ENGINE_SOCKET } from './engine-scenes.ts';

export interface FrozenEngine {
  readonly socketPath: string;
  freeze(): void;
  thaw(): void;
}

export async function freezableEngine(t: Pick<Test, 'teardown'>): Promise<FrozenEngine> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ls-'));
  const socketPath = path.join(folder, 'd.sock');
  const waiting = new Set<() => void>();
  const sockets = new Set<net.Socket>();
  let isFrozen = false;
  const whenThawed = (go: () => void): void => {
    if (isFrozen) waiting.add(go);
    else go();
  };
  const pass = (from: net.Socket, to: net.Socket): void => {
    from.on('data', (data) => {
      from.pause();
      whenThawed(() => {
        to.write(data);
        from.resume();
      });
    });
    from.on('end', () => whenThawed(() => to.end()));
    from.on('error', () => whenThawed(() => to.destroy()));
    from.on('close', () => sockets.delete(from));
    sockets.add(from);
  };
  const server = net.createServer({ allowHalfOpen: true }, (caller) => {
    const engine = net.connect({ path: ENGINE_SOCKET, allowHalfOpen: true });
    pass(caller, engine);
    pass(engine, caller);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
  return {
    socketPath,
    freeze: () => {
      isFrozen = true;
    },
    thaw: () => {
      isFrozen = false;
      const all = [...waiting];
      waiting.clear();
      for (const go of all) go();
    },
  };
}
