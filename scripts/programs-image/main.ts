// `npx tsx scripts/programs-image/main.ts [FOLDER]`: makes the folder that `docker build` turns into the image.
import { DEFAULT_FOLDER, stagePrograms } from './stage-programs.ts';

console.log(await stagePrograms(process.argv[2] ?? DEFAULT_FOLDER));
