// Gives node-cron our formatter of dates (agent/schedule/utc-date-format.ts) in the agent's bundle. A node-cron that is
// written otherwise fails the build, and this is looked at again.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'esbuild';

const uses = 2;

export const utcWithoutZoneData: Plugin = {
  name: 'utc-without-zone-data',
  setup(build) {
    build.onLoad({ filter: /\/node_modules\/node-cron\/dist\/_shared\.js$/ }, ({ path: file }) => {
      const parts = readFileSync(file, 'utf8').split('new Intl.DateTimeFormat(');
      if (parts.length !== uses + 1)
        throw new Error(`${file} formats dates at ${parts.length - 1} places, not ${uses}`);
      const ours = JSON.stringify(path.resolve('agent/schedule/utc-date-format.ts'));
      return {
        contents: `import { dateFormat as $dateFormat } from ${ours};\n${parts.join('$dateFormat(')}`,
        loader: 'js',
      };
    });
  },
};
