// `npm run build:wordcount`: examples/wordcount/dist/server.mjs.
import { buildWordcount } from './build/wordcount.ts';

await buildWordcount();
