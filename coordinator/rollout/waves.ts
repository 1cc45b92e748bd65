/**
 * Which host moves in which wave. Sizes are cumulative, the last wave always reaches everybody, and no wave is empty.
 * The order of the hosts is the caller's; it should be stable, with reachable hosts first, so that a canary is one
 * that can answer.
 */
import type { WaveSize } from '../../fleet/rollout-policy.ts';

/** @returns for each wave the number of hosts that have moved when it is done; rises strictly and ends with `total` */
export function waveEnds(total: number, sizes: readonly WaveSize[]): readonly number[] {
  const ends: number[] = [];
  let done = 0;
  const reach = (end: number): void => {
    if (Math.min(end, total) <= done) return;
    done = Math.min(end, total);
    ends.push(done);
  };
  for (const size of sizes) {
    switch (size.kind) {
      case 'count':
        reach(size.hosts);
        break;
      case 'percent':
        reach(Math.ceil((total * size.percent) / 100));
        break;
      case 'every':
        if (size.hosts > 0) while (done < total) reach(done + size.hosts);
        break;
    }
  }
  reach(total);
  return ends;
}

/** @returns 0-based wave of the host at each position */
export function wavesOf(total: number, sizes: readonly WaveSize[]): readonly number[] {
  const waves: number[] = [];
  waveEnds(total, sizes).forEach((end, wave) => {
    while (waves.length < end) waves.push(wave);
  });
  return waves;
}
