// The load's own process, so that its event loop is nobody else's: begins at the start, ends when standard input does,
// and then writes its samples and what became of the websocket as one line of JSON.
// Arguments: requests a second, then the URLs.
import { once } from 'node:events';
import { startOpenLoop } from './open-loop.ts';
import { holdSocket } from './held-socket.ts';

const [perSecond = '', ...urls] = process.argv.slice(2);
const socket = await holdSocket(`${(urls[0] ?? '').replace('http', 'ws')}/socket`);
const load = startOpenLoop(urls, Number(perSecond));
process.stdout.write('started\n');
process.stdin.resume();
await once(process.stdin, 'end');
const samples = await load.stop();
const held = await socket.close();
process.stdout.write(`${JSON.stringify({ samples, socket: held })}\n`);
