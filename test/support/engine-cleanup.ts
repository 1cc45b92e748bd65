// Tests clean the engine as the demo does.
export { removeLabelled } from '../../scripts/engine/remove-labelled.ts';
