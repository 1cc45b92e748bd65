/** Asks the agent that runs on this machine to start again; see `control-socket.ts`. */
import net from 'node:net';
import path from 'node:path';
import { CONTROL_SOCKET } from './control-socket.ts';

const PATIENCE_MS = 10_000;

/** `refused`: an agent of an older version; `away`: none runs on this data directory. */
export type ControlAnswer = 'restarting' | 'refused' | 'away';

export function askControl(dataDir: string, request: { readonly command: 'restart' }): Promise<ControlAnswer> {
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect(path.join(dataDir, CONTROL_SOCKET));
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => resolve('away'));
    socket.on('close', () => resolve(text.includes('"restarting"') ? 'restarting' : text === '' ? 'away' : 'refused'));
  });
}
