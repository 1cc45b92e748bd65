// `npm run bench -- NAME`: runs one bench, prints each figure beside its goal, and exits 1 where a goal is missed,
// 2 where it was called wrongly or could not measure.
import { setTimeout as wait } from 'node:timers/promises';
import { firstDeployBench } from './first-deploy.ts';
import { isMissed, renderFigure } from './figure.ts';
import { agentBench } from './agent.ts';
import type { Bench } from './bench.ts';
import { deployBench } from './deploy.ts';
import { downtimeBench } from './downtime.ts';
import { startupBench } from './startup.ts';
import { synthBench } from './synth.ts';

const benches: readonly Bench[] = [firstDeployBench, deployBench, downtimeBench, agentBench, synthBench, startupBench];

process.exitCode = await run(process.argv.slice(2));

async function run(args: readonly string[]): Promise<number> {
  const bench = benches.find(({ name }) => name === args[0]);
  if (bench === undefined || args.length !== 1) {
    console.error(
      `Usage: npm run bench -- NAME\n\n${benches.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`).join('\n')}`,
    );
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Error('interrupted')));
  const limit = setTimeout(
    () => stop.abort(new Error(`not done within ${bench.limitMs / 60_000} minutes`)),
    bench.limitMs,
  );
  try {
    const figures = await bench.run({
      say: (text) => console.log(text),
      pause: (ms) => wait(ms, undefined, { signal: stop.signal }),
      signal: stop.signal,
    });
    console.log(`\n${figures.map(renderFigure).join('\n')}`);
    return figures.some(isMissed) ? 1 : 0;
  } catch (error) {
    const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
    console.error(
      `bench ${bench.name}: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`,
    );
    return 2;
  } finally {
    clearTimeout(limit);
  }
}
