/** Questions to hosts that wait for their answer: a reference that the coordinator cannot resolve itself. */
import { LongshoreError } from '../../fleet/errors.ts';
import type { Digest, HostId } from '../../fleet/ids.ts';
import type { AgentMessageOf } from '../../protocol/agent-messages.ts';

const ANSWER_WITHIN_MS = 30_000;

interface Waiting {
  readonly host: HostId;
  readonly reference: string;
  readonly resolve: (digest: Digest) => void;
  readonly reject: (error: LongshoreError) => void;
  readonly timer: NodeJS.Timeout;
}

export class ResolveRequests {
  readonly #waiting = new Map<string, Waiting>();
  #lastId = 0;

  /** @throws what the host answered, HOST_OFFLINE, TIMEOUT */
  ask(host: HostId, reference: string, send: (request: string) => void): Promise<Digest> {
    this.#lastId += 1;
    const request = `r${this.#lastId}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(request);
        reject(
          new LongshoreError(
            'TIMEOUT',
            `resolve ${reference} on host ${host}: no answer in ${ANSWER_WITHIN_MS / 1000} s`,
          ),
        );
      }, ANSWER_WITHIN_MS);
      this.#waiting.set(request, { host, reference, resolve, reject, timer });
      send(request);
    });
  }

  /** Only the host that was asked may answer. */
  answered(host: HostId, message: AgentMessageOf<'resolved'>): void {
    const waiting = this.#waiting.get(message.request);
    if (waiting?.host !== host) return;
    this.#end(message.request, waiting);
    const { digest, problem } = message;
    if (digest !== null) waiting.resolve(digest);
    else if (problem !== null)
      waiting.reject(new LongshoreError(problem.code, problem.message, { hint: problem.hint }));
    else
      waiting.reject(
        new LongshoreError('IMAGE_NOT_FOUND', `resolve ${waiting.reference}: the registry has no such image`),
      );
  }

  hostGone(host: HostId): void {
    for (const [request, waiting] of this.#waiting) {
      if (waiting.host !== host) continue;
      this.#end(request, waiting);
      waiting.reject(new LongshoreError('HOST_OFFLINE', `resolve ${waiting.reference}: host ${host} went away`));
    }
  }

  #end(request: string, waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(request);
  }
}
