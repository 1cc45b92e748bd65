/** `plan` and `deploy`: from the app file to a release on every host. */
import { resolve } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import type { Digest } from '../../fleet/ids.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { PlanView } from '../../protocol/http-api/views.ts';
import type { AppSpec } from '../../fleet/app-spec.ts';
import { renderDeployment, renderPlan } from '../../protocol/text/deployments.ts';
import { validateAppSpec } from '../../compose/validate-app-spec.ts';
import type { ApiClient } from '../client/api-client.ts';
import { readAppFile } from '../app-file.ts';
import type { AppFileOptions } from '../app-file.ts';
import { print } from '../context.ts';
import type { Context } from '../context.ts';
import { REQUIRE_ALL, requireRelease } from '../every-host.ts';
import { concludeDeployment, followDeployment } from '../follow-deployment.ts';
import { buildImages, builtDigests, tagPlannedImages, type BuiltImage } from '../images/build-images.ts';
import { checkPlanPath, readPlanFile, writePlanFile } from '../plan-file.ts';
import { planningWaitsFor, sayWhenSlow } from '../say-when-slow.ts';
import type { RunVerb } from '../verb.ts';

interface PlanOptions extends AppFileOptions {
  readonly recreateVolume?: readonly string[];
  readonly out?: string;
  readonly detailedExitcode?: boolean;
  readonly build: boolean;
}

interface DeployOptions extends AppFileOptions {
  readonly recreateVolume?: readonly string[];
  readonly plan?: string;
  readonly build: boolean;
  readonly detach?: boolean;
  readonly requireAll?: boolean;
  readonly abort?: boolean;
  readonly force?: boolean;
  readonly releaseQuarantine?: boolean;
  readonly note?: string;
}

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];

function appFileOptions(command: Command): Command {
  return command
    .option('-f, --file <path>', 'app file; several are merged as Compose does (default: compose.yaml)', collect)
    .option('-p, --project <name>', 'name of the app instead of the one in the file')
    .option('--profile <name>', 'with the services of this profile', collect)
    .option('--env-file <path>', 'instead of .env', collect)
    .option(
      '--recreate-volume <name>',
      'make this volume anew, empty, on hosts where it was deleted; deletes nothing',
      collect,
    )
    .option('--no-build', 'do not build; take the images that were pushed');
}

export function registerDeploy(program: Command, run: RunVerb): void {
  appFileOptions(program.command('plan').description('Show what a deployment would change, per host; no host changes'))
    .option('-o, --out <file>', 'save the plan, for `deploy --plan`')
    .option('--detailed-exitcode', 'exit 0: no changes, 2: changes, 1: an error of any kind (as Terraform does)')
    .action(run(plan));
  appFileOptions(program.command('deploy').description('Build, push, make a release and roll it over the hosts'))
    .option('--plan <file>', 'do exactly this saved plan, or refuse')
    .addOption(new Option('--detach', 'do not follow it').conflicts('requireAll'))
    .option(...REQUIRE_ALL)
    .option('--abort', 'stop a deployment of this app that is under way, instead of waiting for it')
    .option('--force', 'make a release although nothing changed')
    .option('--release-quarantine', 'deploy although a digest failed its gate before')
    .option('--note <text>', 'why; stands in the event log')
    .action(run(deploy));
}

interface Prepared {
  readonly spec: AppSpec;
  readonly images: Readonly<Record<string, Digest>>;
  readonly built: readonly BuiltImage[];
}

async function prepare(
  context: Context,
  options: AppFileOptions & { readonly build: boolean; readonly recreateVolume?: readonly string[] },
  purpose: 'plan' | 'deploy',
): Promise<Prepared> {
  const { spec: read, builds } = readAppFile(context, options);
  const spec = withRecreatedVolumes(read, options.recreateVolume ?? []);
  await checkToken(await context.api(), purpose);
  const built = options.build ? await buildImages(context, builds, purpose) : [];
  return { spec, images: builtDigests(spec.services, built), built };
}

/**
 * Before minutes of building, and before a push moves the tag that the app follows.
 * @throws UNREACHABLE, UNAUTHENTICATED, FORBIDDEN
 */
async function checkToken(api: ApiClient, purpose: 'plan' | 'deploy'): Promise<void> {
  const { name, role } = await api.call('whoami');
  if (purpose === 'deploy' && role === 'viewer')
    throw new LongshoreError('FORBIDDEN', `deploy: token ${name} has the role viewer, and this needs operator`);
}

/** @throws APP_FILE_INVALID for a name that is no volume of the app */
function withRecreatedVolumes(spec: AppSpec, volumes: readonly string[]): AppSpec {
  if (volumes.length === 0) return spec;
  const asked = { ...spec, recreateVolumes: volumes };
  const details = validateAppSpec(asked);
  if (details.length > 0)
    throw new LongshoreError('APP_FILE_INVALID', `deploy ${spec.name} with --recreate-volume`, { details });
  return asked;
}

async function plan(context: Context, options: PlanOptions): Promise<number> {
  const out = options.out === undefined ? undefined : resolve(context.folder, options.out);
  if (out !== undefined) await checkPlanPath(out);
  const { spec, images, built } = await prepare(context, options, 'plan');
  const api = await context.api();
  const asked = api.call('plan', { body: { spec, images } });
  const view = await sayWhenSlow(context.terminal, planningWaitsFor(spec, images), asked);
  if (out !== undefined)
    await writePlanFile(out, {
      coordinator: api.url,
      spec,
      plan: view,
      built: [...built],
    });
  print(context, view, () => renderPlan(view));
  if (options.out !== undefined && !context.json)
    context.terminal.out(`\nSaved to ${options.out}. Do exactly this with: longshore deploy --plan ${options.out}`);
  return options.detailedExitcode === true && view.changed ? 2 : 0;
}

async function deploy(context: Context, options: DeployOptions): Promise<number> {
  const prepared =
    options.plan === undefined
      ? { ...(await prepare(context, options, 'deploy')), planHash: null }
      : await fromPlanFile(context, options);
  const asked = (await context.api()).call('deploy', {
    body: {
      spec: prepared.spec,
      images: prepared.images,
      planHash: prepared.planHash,
      rolling: options.abort === true ? 'abort' : 'wait',
      force: options.force === true,
      releaseQuarantine: options.releaseQuarantine === true,
      note: options.note ?? null,
    },
  });
  const waitsFor = planningWaitsFor(prepared.spec, prepared.images);
  const { deployment, plan: view } = await sayWhenSlow(context.terminal, waitsFor, asked);
  if (!context.json) context.terminal.out(renderPlan(view));
  if (deployment === null) {
    if (context.json) print(context, { deployment, plan: view }, () => '');
    if (options.requireAll === true || prepared.spec.require === 'all')
      requireRelease(await (await context.api()).call('getApp', { parameters: { app: view.app } }));
    return 0;
  }
  if (options.detach === true) {
    print(context, deployment, () => renderDeployment(deployment, context.now()));
    return 0;
  }
  return concludeDeployment(context, await followDeployment(context, deployment), options.requireAll);
}

async function fromPlanFile(
  context: Context,
  options: DeployOptions,
): Promise<Omit<Prepared, 'built'> & { readonly planHash: string }> {
  if (options.file !== undefined || options.plan === undefined) {
    throw new LongshoreError('INPUT_INVALID', 'deploy: --plan and -f do not go together', {
      hint: 'A saved plan holds its app file; leave -f out.',
    });
  }
  const api = await context.api();
  const file = await readPlanFile(resolve(context.folder, options.plan), api.urls);
  await checkToken(api, 'deploy');
  const images = digestsOf(file.plan);
  if (file.built.length > 0) {
    // A plan that the world has left behind is refused below, and must not move a tag before.
    const now = await api.call('plan', { body: { spec: file.spec, images } });
    if (now.hash === file.plan.hash) await tagPlannedImages(context, file.built);
  }
  return { spec: file.spec, images, planHash: file.plan.hash };
}

function digestsOf(view: PlanView): Readonly<Record<string, Digest>> {
  return Object.fromEntries(Object.entries(view.images).map(([service, image]) => [service, image.digest]));
}
