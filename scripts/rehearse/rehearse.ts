/** One rehearsal: its stand-in, its chain of steps, and its end, also when a step fails. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import type { FleetConfig } from '../../infra/fleet-file/fleet-config.ts';
import { bringUp, coordinatorVariables, type Standing } from './bring-up.ts';
import { cleanUp } from './clean-up.ts';
import { files } from './cloud/cloud-config.ts';
import { exportedVariables, plainVariables, rehearsalVariables } from './environment.ts';
import { growAndHeal, takeDown } from './go-on.ts';
import { moveCoordinator } from './move-coordinator.ts';
import { GoogleClient } from './google-client.ts';
import { keepLogs } from './machine-checks.ts';
import { defaultName, type RehearsalOptions } from './options.ts';
import { planRehearsal, refuseWhatIsNotRehearsed, rehearsedPool } from './plan-rehearsal.ts';
import type { RehearsalFolder, RehearsalState } from './rehearsal-folder.ts';
import { buildWhatIsOld, makeBeforehand } from './beforehand.ts';
import { Stage } from './stage.ts';
import { startStandIn } from './stand-in.ts';
import { Timings } from './timings.ts';

export interface Rehearsal {
  readonly options: RehearsalOptions;
  readonly folder: RehearsalFolder;
  /** The fleet file as it is written, and what it says. */
  readonly text: string;
  readonly fleet: FleetConfig;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** @returns the exit code: 0 where every step did what it must, 1 where one did not */
export async function rehearse(rehearsal: Rehearsal): Promise<number> {
  const { options, folder, fleet, variables, say, signal } = rehearsal;
  refuseWhatIsNotRehearsed(fleet);
  rehearsedPool(fleet);
  const state = await planRehearsal(options.name, fleet, variables['LONGSHORE_STARTED_ENGINE'] === '1');
  folder.write(state);
  let code = 1;
  try {
    await chain(rehearsal, state);
    code = 0;
  } catch (error) {
    if (!signal.aborted) {
      console.error(`\nrehearse: FAILED: ${error instanceof Error ? error.message : String(error)}`);
      const logs = await keepLogs(folder, state);
      console.error(`What the machines and the stand-in said: ${logs}`);
    }
  }
  if (options.after === 'keep' && code === 0) {
    folder.write({ ...state, kept: true });
    return code;
  }
  say('Ending the rehearsal ...');
  await cleanUp(folder, state);
  return code;
}

async function chain(rehearsal: Rehearsal, state: RehearsalState): Promise<void> {
  const { options, folder, text, fleet, variables, say, signal } = rehearsal;
  const timings = new Timings(say);
  await timings.step('Programs, and a stand-in of Google Cloud', async () => {
    await buildWhatIsOld(fleet, { env: plainVariables(variables), signal });
    await startStandIn(folder, state, signal);
    writeFileSync(
      folder.path(files.trusted),
      [...rootCertificates, readFileSync(folder.cloud(files.root), 'utf8')].join('\n'),
    );
    mkdirSync(folder.path('work'), { recursive: true });
    writeFileSync(folder.path('fleet.yaml'), text);
  });
  const google = new GoogleClient({
    proxy: `http://127.0.0.1:${state.proxyPort}`,
    root: readFileSync(folder.cloud(files.root), 'utf8'),
    credentialsFile: folder.path('credentials.json'),
  });
  await makeBeforehand(google, fleet);
  const wishes = { env: rehearsalVariables(variables, folder, state), signal };
  const stage = new Stage({ folder, state, fleet, google, wishes, say, timings });
  const standing = await bringUp(stage);
  if (options.after === 'keep') {
    say(howToGoOn(stage, standing, options.name));
    return;
  }
  await growAndHeal(stage, standing);
  await moveCoordinator(stage, standing);
  await takeDown(stage);
  say(`\nThe whole chain did what it must, in ${timings.total()}.`);
}

function howToGoOn(stage: Stage, { outputs, address }: Standing, name: string): string {
  const { folder, state, wishes } = stage.options;
  // Where the providers were built on this machine, only the rehearsal itself knows of them.
  const providers = Object.entries(wishes.env).filter(([key]) =>
    /^(TF_CLI_CONFIG_FILE|CDKTF_SKIP_PROVIDER_LOCK)$/.test(key),
  );
  const exported = {
    ...Object.fromEntries(providers),
    ...exportedVariables(folder, state),
    ...coordinatorVariables(stage, outputs),
  };
  const file = folder.path('fleet.yaml');
  return `
The fleet stays. The page: ${outputs.coordinatorUrl}/${address === undefined ? '' : `   The app: http://${address}/count`}

To rehearse an edit, change ${file} and:
${Object.entries(exported)
  .map(([key, value]) => `  export ${key}=${value}`)
  .join('\n')}
  bash plan.sh --file ${file} --dir ${folder.path('work')}
  (cd ${folder.path('work')} && terraform apply .plan)
  dist/longshore.mjs hosts

End it with: ${downCommand(name)}
`;
}

/** Another rehearsal than the one that is meant must not be ended by what is copied from here. */
export function downCommand(name: string): string {
  return `bash scripts/rehearse.sh${name === defaultName ? '' : ` --name ${name}`} --down`;
}
