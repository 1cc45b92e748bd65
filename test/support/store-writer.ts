/** A process that writes events as fast as the store takes them, and says each number that was committed: to be killed. */
import { openAt } from './stores.ts';
import { anEvent } from './store-scenes.ts';

const [directory = ''] = process.argv.slice(2);
const store = await openAt(directory);
for (;;) {
  const stored = await Promise.all(Array.from({ length: 20 }, () => store.appendEvents({ events: [anEvent()] })));
  process.stdout.write(
    `${stored
      .flat()
      .map((event) => event.number)
      .join('\n')}\n`,
  );
}
