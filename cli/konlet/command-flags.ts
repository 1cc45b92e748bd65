/** The words of one gcloud command: which command, whose names, which flags. */
import type { Report } from '../../compose/source/report.ts';
import type { Position } from '../../compose/source/tree.ts';
import type { ShellCommand, Word } from './command-words.ts';
import { takesValue } from './gcloud-flags.ts';

export interface Flag {
  readonly name: string;
  /** Empty for a switch. */
  readonly value: string;
  readonly at: Position;
}

export interface ContainerCommand {
  readonly verb: 'create-with-container' | 'update-container';
  readonly on: 'instances' | 'instance-templates';
  readonly names: readonly string[];
  readonly flags: readonly Flag[];
  readonly at: Position;
}

const VERBS = /^(create-with-container|update-container)$/;

/** Null where none is there, or more than one; the reasons are in the report. */
export function theContainerCommand(
  commands: readonly ShellCommand[],
  start: Position,
  report: Report,
): ContainerCommand | null {
  const found = commands.filter((words) => words.some((word) => VERBS.test(word.text)));
  const [first, second] = found;
  if (first === undefined) {
    report.error(start, [], 'holds no `gcloud compute instances create-with-container` (or instance-templates ...)');
    return null;
  }
  if (second !== undefined) {
    report.error(
      second[0]?.at ?? start,
      [],
      'is a second command of this kind: put each into a file of its own and import them one by one',
    );
    return null;
  }
  return readCommand(first, report);
}

function readCommand(words: ShellCommand, report: Report): ContainerCommand | null {
  const verbAt = words.findIndex((word) => VERBS.test(word.text));
  const verb = words[verbAt];
  const on = words[verbAt - 1];
  if (verb === undefined || on === undefined || !/^(instances|instance-templates)$/.test(on.text)) {
    report.error(
      verb?.at ?? null,
      [],
      'stands after neither `instances` nor `instance-templates`: gcloud compute instances create-with-container NAME',
    );
    return null;
  }
  for (const { unknown } of words.slice(verbAt + 1))
    if (unknown !== null)
      report.error(unknown.at, [], `${unknown.text} is put in by the shell: write what it stands for`);
  const { names, flags } = splitWords(words.slice(verbAt + 1), report);
  return {
    verb: verb.text === 'update-container' ? 'update-container' : 'create-with-container',
    on: on.text === 'instances' ? 'instances' : 'instance-templates',
    names,
    flags,
    at: words[0]?.at ?? verb.at,
  };
}

function splitWords(words: readonly Word[], report: Report): { names: readonly string[]; flags: readonly Flag[] } {
  const names: string[] = [];
  const flags: Flag[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    if (word === undefined) break;
    if (!word.text.startsWith('--')) {
      if (word.text.startsWith('-') && word.text !== '-q')
        report.error(word.at, [], `${word.text} is not a flag of gcloud`);
      else if (!word.text.startsWith('-')) names.push(word.text);
      continue;
    }
    const [, name = '', value] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word.text) ?? [];
    if (value !== undefined || !takesValue(name)) {
      flags.push({ name, value: value ?? '', at: word.at });
      continue;
    }
    const next = words[index + 1];
    if (next === undefined || next.text.startsWith('--')) {
      report.error(word.at, [], `--${name} needs a value`);
      continue;
    }
    flags.push({ name, value: next.text, at: word.at });
    index += 1;
  }
  return { names, flags };
}
