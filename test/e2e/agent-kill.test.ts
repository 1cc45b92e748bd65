// The agent killed at every action of swaps that never take the service down. Its own file, because each point costs a deployment: the other half runs beside it.
import t from 'tap';
import { engineForTests, needed } from '../support/engine.ts';
import { killAtEveryAction, SCENES } from '../support/kill-on-engine.ts';

const { engine, skip } = await engineForTests();

for (const scene of SCENES.filter((each) => each.neverDown)) {
  t.test(`agent killed at every action on the real engine: ${scene.name}`, { skip }, (t) =>
    killAtEveryAction(t, needed(engine), scene),
  );
}
