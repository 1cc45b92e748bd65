/**
 * What `gcloud compute instances describe` and `instance-templates describe` print (YAML or JSON): the declaration lies
 * in it as the text of a metadata attribute, and the machine is told as well. Google's answer is not checked here key by
 * key; only what is looked for is read.
 */
import type { Report } from '../../compose/source/report.ts';
import { childOf, type ScalarTree, type Tree } from '../../compose/source/tree.ts';
import { parseYaml } from '../../compose/source/yaml-source.ts';
import { gigabytesOf } from './flag-values.ts';
import { NO_EQUIVALENT } from './gcloud-flags.ts';
import { readDeclaration } from './read-declaration.ts';
import type { ImportNote, KonletImport, KonletMachine } from './workload.ts';

const ATTRIBUTE = 'gce-container-declaration';
/** Attributes of Google's own that say nothing about the app. */
const USUAL_ATTRIBUTES = new Set([ATTRIBUTE, 'google-logging-enabled', 'google-monitoring-enabled', 'enable-oslogin']);

/** A template holds its machine under `properties`. */
export function isDescription(tree: Tree): boolean {
  return childOf(childOf(tree, 'metadata'), 'items') !== undefined || childOf(tree, 'properties') !== undefined;
}

/** Null where nothing can be run; the reasons are in the report. */
export function readDescription(tree: Tree, report: Report): KonletImport | null {
  const properties = childOf(tree, 'properties');
  const body = properties ?? tree;
  const declaration = attributesOf(body).find(({ key }) => key === ATTRIBUTE)?.value ?? null;
  if (declaration === null) {
    report.error(body.at, ['metadata', 'items'], `holds no ${ATTRIBUTE}: konlet runs nothing on this machine`);
    return null;
  }
  // Lines of the text inside of the text: they are counted from its own first line.
  const file = `${declaration.at.file}, ${ATTRIBUTE}`;
  const inner = parseYaml({ file, base: '.', text: declaration.text }, report);
  const workload = inner === null ? null : readDeclaration(inner, report);
  if (workload === null) return null;
  const machine = machineOf(tree, body, properties !== undefined);
  return { workload, machine, notes: notesOf(body) };
}

function machineOf(tree: Tree, body: Tree, isTemplate: boolean): KonletMachine {
  const disks = itemsOf(childOf(body, 'disks'));
  const boot = disks.find((disk) => textOf(disk, 'boot') === 'true');
  const scheduling = childOf(body, 'scheduling');
  const labels = childOf(body, 'labels');
  return {
    kind: isTemplate ? 'group' : 'single',
    names: [textOf(tree, 'name') ?? 'app'],
    machine: lastPart(textOf(body, 'machineType')),
    zone: lastPart(textOf(body, 'zone')),
    tags: itemsOf(childOf(childOf(body, 'tags'), 'items')).flatMap((tag) => (tag.kind === 'scalar' ? [tag.text] : [])),
    labels:
      labels?.kind === 'map'
        ? [...labels.entries].flatMap(([name, { value }]) =>
            value.kind === 'scalar' ? [[name, value.text] as const] : [],
          )
        : [],
    spot: textOf(scheduling, 'preemptible') === 'true' || textOf(scheduling, 'provisioningModel') === 'SPOT',
    bootDiskGb: sizeOf(boot),
    bootDiskType: lastPart(textOf(childOf(boot, 'initializeParams'), 'diskType')),
    disks: disks
      .filter((disk) => disk !== boot)
      .map((disk) => ({ name: textOf(disk, 'deviceName'), sizeGb: sizeOf(disk) })),
    publicAddress: itemsOf(childOf(body, 'networkInterfaces')).some(
      (one) => itemsOf(childOf(one, 'accessConfigs')).length > 0,
    ),
  };
}

function notesOf(body: Tree): readonly ImportNote[] {
  const notes: ImportNote[] = [];
  const add = (what: string, flag: string, at: Tree): void => {
    notes.push({ what, why: NO_EQUIVALENT[flag] ?? '', at: at.at });
  };
  for (const account of itemsOf(childOf(body, 'serviceAccounts'))) add('serviceAccounts', 'service-account', account);
  for (const accelerator of itemsOf(childOf(body, 'guestAccelerators')))
    add('guestAccelerators', 'accelerator', accelerator);
  for (const { key, value } of attributesOf(body))
    // Values of attributes can be secrets: only their names are said.
    if (!USUAL_ATTRIBUTES.has(key)) add(`metadata ${key}`, 'metadata', value);
  return notes;
}

function attributesOf(body: Tree): readonly { readonly key: string; readonly value: ScalarTree }[] {
  return itemsOf(childOf(childOf(body, 'metadata'), 'items')).flatMap((item) => {
    const key = textOf(item, 'key');
    const value = childOf(item, 'value');
    return key !== null && value?.kind === 'scalar' ? [{ key, value }] : [];
  });
}

function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'list' ? tree.items : [];
}

function textOf(tree: Tree | undefined, key: string): string | null {
  const value = childOf(tree, key);
  return value?.kind === 'scalar' && value.text !== '' ? value.text : null;
}

/** An instance says its disk's size itself, a template in what it makes it from. */
function sizeOf(disk: Tree | undefined): number | null {
  const text = textOf(disk, 'diskSizeGb') ?? textOf(childOf(disk, 'initializeParams'), 'diskSizeGb');
  return text === null ? null : gigabytesOf(text);
}

/** `https://.../zones/europe-west4-a` names what its last part says. */
function lastPart(text: string | null): string | null {
  return text?.split('/').at(-1) ?? null;
}
