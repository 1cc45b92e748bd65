// What the demo was asked for.

export interface DemoOptions {
  /** `live`: stays with a view until Ctrl-C. `exit`: ends after checking. `keep`: leaves all running. `down`: ends that. */
  readonly after: 'live' | 'exit' | 'keep' | 'down';
  /** Ship a version that never gets healthy. */
  readonly breakIt: boolean;
  /** Agents inside containers, as on Docker Desktop; elsewhere only to try it. */
  readonly inContainers: boolean;
  /** Address at which the apps answer. */
  readonly bind: string;
  /** Keeps two demos on one machine apart. */
  readonly name: string;
}

export const defaultName = 'demo';

/** @throws Error that names what is wrong */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  let after: DemoOptions['after'] = 'live';
  let breakIt = false;
  let inContainers = false;
  let bind = '127.0.0.1';
  let name = defaultName;
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    switch (arg) {
      case '--exit':
      case '--keep':
      case '--down':
        if (after !== 'live') throw new Error(`${arg} and --${after} exclude each other`);
        after = arg === '--exit' ? 'exit' : arg === '--keep' ? 'keep' : 'down';
        break;
      case '--break':
        breakIt = true;
        break;
      case '--agents-in-containers':
        inContainers = true;
        break;
      case '--bind':
        bind = rest.shift() ?? '';
        if (bind === '') throw new Error('--bind needs an address');
        break;
      case '--name':
        name = rest.shift() ?? '';
        if (!/^[a-z][a-z0-9-]{0,20}$/.test(name))
          throw new Error('--name needs a short name of small letters and digits');
        break;
      default:
        throw new Error(`there is no option ${arg}; see --help`);
    }
  }
  return { after, breakIt, inContainers, bind, name };
}
