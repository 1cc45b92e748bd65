// What a rehearsal was asked for.

export interface RehearsalOptions {
  /** `exit`: goes through the whole chain and leaves nothing. `keep`: stays after the first deploy. `down`: ends that. */
  readonly after: 'exit' | 'keep' | 'down';
  /** The fleet file that is rehearsed; null: the one beside this file. */
  readonly file: string | null;
  /** Keeps two rehearsals on one machine apart. */
  readonly name: string;
}

export const defaultName = 'longshore';

/** @throws Error that names what is wrong */
export function parseRehearsalOptions(args: readonly string[]): RehearsalOptions {
  let after: RehearsalOptions['after'] = 'exit';
  let file: string | null = null;
  let name = defaultName;
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    switch (arg) {
      case '--keep':
      case '--down':
        if (after !== 'exit') throw new Error('--keep and --down exclude each other');
        after = arg === '--keep' ? 'keep' : 'down';
        break;
      case '--file':
        file = rest.shift() ?? '';
        if (file === '' || file.startsWith('-')) throw new Error('--file needs the path of a fleet file');
        break;
      case '--name':
        name = rest.shift() ?? '';
        if (!/^[a-z][a-z0-9-]{0,12}$/.test(name))
          throw new Error('--name needs a name of at most 13 small letters and digits');
        break;
      default:
        throw new Error(`there is no option ${arg}; see --help`);
    }
  }
  return { after, file, name };
}
