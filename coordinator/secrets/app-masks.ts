/**
 * Masks what agents say before anybody keeps it: the last output of an instance that failed stands in reports, from
 * there in deployments, events and explanations, and may hold a secret of its app. In memory, since every report
 * passes through; refreshed whenever a secret is set.
 */
import type { AppName } from '../../fleet/ids.ts';
import { isAppName } from '../../fleet/ids.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { AppReport } from '../../fleet/report.ts';
import type { AgentMessage } from '../../protocol/agent-messages.ts';
import type { SecretForHost } from '../store/records.ts';
import type { SecretStore } from '../store/store.ts';
import { makeMask } from '../../fleet/secret-mask.ts';
import { secretPurpose } from './vault.ts';
import type { Vault } from './vault.ts';

type Mask = (text: string) => string;

export interface AppMasksOptions {
  readonly store: Pick<SecretStore, 'secretsOfApp'>;
  readonly vault: Vault;
}

export class AppMasks {
  readonly #options: AppMasksOptions;
  readonly #masks = new Map<AppName, Mask>();

  constructor(options: AppMasksOptions) {
    this.#options = options;
  }

  /** Of one app, or of all where `app` is null. Removed secrets are forgotten, so their values are shown from then on. */
  async refresh(app: AppName | null): Promise<void> {
    const values = new Map<AppName, string[]>();
    for (const secret of await this.#options.store.secretsOfApp({ app })) {
      const value = this.#valueOf(secret);
      // What cannot be read cannot be masked either; `doctor` names it.
      if (value !== null) values.set(secret.app, [...(values.get(secret.app) ?? []), value]);
    }
    if (app === null) this.#masks.clear();
    else this.#masks.delete(app);
    for (const [name, found] of values) this.#masks.set(name, makeMask(found));
  }

  /** The message as it may be kept and shown. */
  mask<M extends AgentMessage>(message: M): M {
    // The same kind with the same fields; only texts are others.
    return this.#masks.size === 0 ? message : (this.#masked(message) as M);
  }

  #masked(message: AgentMessage): AgentMessage {
    switch (message.kind) {
      case 'report':
        return {
          ...message,
          status: message.status === null ? null : this.#text(null, message.status),
          apps: Object.fromEntries(
            Object.entries(message.apps).map(([name, report]) => [name, this.#report(name, report)]),
          ),
        };
      case 'event':
        return { ...message, text: this.#text(message.app, message.text) };
      case 'assignment-refused':
        return { ...message, problem: maskProblem(message.problem, (text) => this.#text(null, text)) };
      default:
        return message;
    }
  }

  #report(name: string, report: AppReport | null): AppReport | null {
    const mask = isAppName(name) ? this.#masks.get(name) : undefined;
    return report === null || mask === undefined ? report : maskReport(report, mask);
  }

  /** What names no app may hold values of any. */
  #text(app: AppName | null, text: string): string {
    if (app !== null) return this.#masks.get(app)?.(text) ?? text;
    return [...this.#masks.values()].reduce((masked, mask) => mask(masked), text);
  }

  #valueOf({ app, name, version, ciphertext }: Omit<SecretForHost, 'secret'>): string | null {
    return this.#options.vault.decrypt(secretPurpose(app, name, version), ciphertext)?.toString('utf8') ?? null;
  }
}

export function maskReport(report: AppReport, mask: Mask): AppReport {
  const { attempt, waiting } = report;
  return {
    ...report,
    waiting: waiting === null ? null : mask(waiting),
    attempt: attempt?.problem == null ? attempt : { ...attempt, problem: maskProblem(attempt.problem, mask) },
    instances: report.instances.map((instance) =>
      instance.detail === null ? instance : { ...instance, detail: mask(instance.detail) },
    ),
  };
}

function maskProblem(problem: Problem, mask: Mask): Problem & { details: Problem['details'][number][] } {
  const details = problem.details.map((detail) => ({ ...detail, message: mask(detail.message) }));
  return { ...problem, message: mask(problem.message), details };
}
