// `deploy`: what a deployment to three hosts costs over the floor: the same three containers created, started and first
// answered straight through the Docker API, measured in turn with it.
import type { Bench } from './bench.ts';
import { containersOf, startBenchFleet } from './bench-fleet.ts';
import { deployVersion } from './deploy-version.ts';
import { renderTable } from './figure.ts';
import { RawContainers } from './raw-containers.ts';
import { median } from './statistics.ts';
import { partsOf, readHostLogs, renderParts, type Part } from './timeline.ts';

const hosts = ['one', 'two', 'three'];
const rounds = 8;
const goal = 1.5;
/** Between a round and the next: the old instances of the deployment drain and stop meanwhile. */
const quietMs = 1_500;

export const deployBench: Bench = {
  name: 'deploy',
  summary: 'three hosts, warm image: from the API call to the new version answering, over the raw Docker API',
  limitMs: 10 * 60_000,
  run: async ({ say, pause, signal }) => {
    const fleet = await startBenchFleet(hosts, signal, { logLevel: 'debug' });
    try {
      say(`Three agents, first deployment ...`);
      await deployVersion(fleet, '0');
      const raw = await RawContainers.make(fleet.docker, await containersOf(fleet, 'web'), {
        network: '10.215',
        port: 8080,
      });
      try {
        const floor: number[] = [];
        const product: number[] = [];
        const parts: Part[][] = [];
        const rows: (string | number)[][] = [];
        // The first round of each warms what the others find warm.
        for (let round = 0; round <= rounds; round += 1) {
          signal.throwIfAborted();
          await pause(quietMs);
          const { times, removeOld } = await raw.start();
          const floorMs = Math.max(...times.map((time) => time.answeredMs));
          await removeOld();
          await pause(quietMs);
          const deployed = await deployVersion(fleet, `${round + 1}`);
          if (round === 0) continue;
          floor.push(floorMs);
          product.push(deployed.totalMs);
          parts.push(partsOf(deployed, readHostLogs(fleet)));
          const slowest = (pick: (time: (typeof times)[number]) => number): number => Math.max(...times.map(pick));
          rows.push([
            `${round}`,
            slowest((time) => time.createdMs),
            slowest((time) => time.startedMs),
            floorMs,
            deployed.totalMs,
            (deployed.totalMs / floorMs).toFixed(2),
          ]);
        }
        say(`\n${renderTable(['round', 'raw created', 'raw started', 'raw answered', 'deployed', 'ratio'], rows)}`);
        say(`\nWhere a deployment's time goes (ms after the API call, medians over rounds; slowest host):`);
        say(renderParts(parts));
        const ratios = product.map((ms, round) => ms / (floor[round] ?? Number.NaN));
        return [
          { name: 'floor: raw create, start, first answer (median)', value: median(floor), unit: 'ms', goal: null },
          { name: 'deployment (median)', value: median(product), unit: 'ms', goal: null },
          { name: 'deployment over floor (median of rounds)', value: median(ratios), unit: 'x', goal },
        ];
      } finally {
        await raw.close();
      }
    } finally {
      await fleet.close();
    }
  },
};
