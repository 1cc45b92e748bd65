/**
 * The ingress of a host over Caddy. It holds what was configured and what is published, and brings both to Caddy: host
 * names, paths and TLS by one `/load`, addresses by DNS answers, epochs and /etc/hosts, readiness by flag files. It works the
 * same after a restart of the agent (the last configuration is on the disk, the first publication counts at once) and
 * of Caddy (`run`).
 */
import type { Problem } from '../../fleet/errors.ts';
import type { AppName } from '../../fleet/ids.ts';
import { retryDelayMs, TRANSIENT } from '../../fleet/retry.ts';
import type { Clock } from '../clock.ts';
import { answerTable, changedLabels, nextDeadlineMs, type AnswerTable } from './answer-table.ts';
import { caddyConfig } from './caddy-config.ts';
import { ALL_FEATURES, withoutRefused, type Features } from './caddy-features.ts';
import type { CaddyRunner, RunningCaddy } from './caddy-runner.ts';
import type { DnsAnswerer } from './dns-answerer.ts';
import type { EpochFiles } from './epoch-files.ts';
import type { HoldAnswer, HoldListener } from './hold-listener.ts';
import { hostsFile } from './hosts-file.ts';
import type { IngressFiles, IngressState } from './ingress-files.ts';
import { configurationRefused, toProblem } from './ingress-problem.ts';
import type { Ingress, IngressApp, Upstreams } from './ingress.ts';
import { LoadedConfig } from './loaded-config.ts';
import type { ProxyOptions } from './proxy-options.ts';
import { SETTLE_MS, settleMs } from './publish-wait.ts';
import { ReadyFlags } from './ready-flags.ts';
import { routeGroups, whileChanging, type RouteGroup } from './route-groups.ts';
import { watchIngress, type WatchedIngress } from './watch-ingress.ts';

export interface CaddyIngressParts {
  readonly runner: CaddyRunner;
  readonly files: IngressFiles;
  readonly answerer: DnsAnswerer;
  readonly epochs: EpochFiles;
  readonly clock: Clock;
  readonly random: () => number;
  readonly proxy: ProxyOptions;
  readonly holdMs: number;
  /** The host's own /etc/hosts. */
  readonly readHosts: () => Promise<string>;
  /** What an earlier run of the agent configured. */
  readonly remembered: IngressState | null;
  /** How often the running proxy is looked at. */
  readonly watchMs: number;
  /** Names of the copies of own certificates that can be used now. */
  readonly readCertificates: () => Promise<readonly string[]>;
  /** What is wrong where another machine would ask; null = our own Caddy answers. */
  readonly askItself: () => Promise<string | null>;
}

export class CaddyIngress implements Ingress {
  readonly #parts: CaddyIngressParts;
  readonly #ended = new AbortController();
  readonly #flags: ReadyFlags;
  #hold: HoldListener | null = null;
  #groups: readonly RouteGroup[];
  #apps: readonly IngressApp[];
  #features: { readonly containerHash: string; readonly features: Features } | null;
  #upstreams: Upstreams | null = null;
  #table: AnswerTable;
  /** Groups whose new answers Caddy was not told of yet. */
  readonly #stale = new Set<string>();
  #isFirst = true;
  readonly #loaded = new LoadedConfig();
  #loading: Promise<void> = Promise.resolve();
  #applying: Promise<void> = Promise.resolve();
  #writing: Promise<void> = Promise.resolve();
  #hosts: string | null = null;
  #state: string | null = null;
  #deadline: NodeJS.Timeout | null = null;

  constructor(parts: CaddyIngressParts) {
    const { remembered } = parts;
    this.#parts = parts;
    this.#flags = new ReadyFlags(parts.files);
    this.#apps = remembered?.apps ?? [];
    this.#groups = routeGroups(this.#apps);
    // What served before counts as having served: a new agent that has not looked yet lets requests wait, not fail.
    this.#table = { states: new Map(this.#groups.map(({ key }) => [key, { kind: 'live' }])), answers: new Map() };
    this.#features =
      remembered === null ? null : { containerHash: remembered.containerHash, features: new Set(remembered.features) };
  }

  /** The hold listener asks this ingress, and the ingress tells it: each needs the other. */
  attach(hold: HoldListener): void {
    this.#hold = hold;
  }

  stateOf(key: string): HoldAnswer {
    if (this.#upstreams === null) return 'unknown';
    return this.#table.states.get(key)?.kind ?? 'unknown';
  }

  configure(apps: readonly IngressApp[]): Promise<void> {
    return this.#inTurn(() => this.#configure(apps));
  }

  async publish(upstreams: Upstreams): Promise<void> {
    this.#upstreams = upstreams;
    await this.#apply();
  }

  async activeRequests(address: string): Promise<number | null> {
    const requests = await this.#parts.runner.current?.admin.requests();
    if (requests === undefined || requests === null) return null;
    return [...requests].reduce((sum, [dial, count]) => (dial.startsWith(`${address}:`) ? sum + count : sum), 0);
  }

  setReady(apps: readonly AppName[]): Promise<void> {
    return this.#flags.set(apps);
  }

  setInFleet(inFleet: boolean): Promise<void> {
    return this.#flags.setInFleet(inFleet);
  }

  stopBeingReady(): Promise<boolean> {
    return this.#flags.drain();
  }

  async requestsUnderWay(): Promise<number | null> {
    const requests = (await this.#parts.runner.current?.admin.requests()) ?? null;
    return requests === null ? null : [...requests.values()].reduce((sum, count) => sum + count, 0);
  }

  /**
   * Keeps Caddy there until the signal aborts: starts it, starts it again when it ends, retires those that were
   * replaced, and keeps looking whether it serves. A problem is reported whenever it is met, null when it is over.
   */
  async run(onState: (problem: Problem | null) => void, signal: AbortSignal): Promise<void> {
    const { runner, clock, random } = this.#parts;
    const isEnding = (): boolean => signal.aborted;
    for (let attempt = 0; !isEnding();) {
      try {
        await runner.ensure(signal);
        await this.#inTurn(() => this.#configure(this.#apps));
        await runner.retireOthers();
        await watchIngress(this.#watched(), onState, signal);
        attempt = 0;
      } catch (error) {
        if (isEnding()) return;
        onState(toProblem(error));
        await clock.sleep(retryDelayMs(TRANSIENT, attempt++, random()), signal);
      }
    }
  }

  #watched(): WatchedIngress {
    const { runner, clock, watchMs, askItself } = this.#parts;
    return {
      untilStopped: (ended) => runner.untilStopped(ended),
      // Not while a configuration is on its way, which would look like somebody else's.
      answers: () => this.#inTurn(() => this.#isAsLoaded()),
      askItself,
      configure: () =>
        this.#inTurn(async () => {
          // Without epochs and flags that somebody removed Caddy finds no address, and nothing is ready.
          for (const key of await this.#parts.epochs.lost()) this.#stale.add(key);
          await this.#flags.restore();
          await this.#configure(this.#apps);
        }),
      clock,
      watchMs,
    };
  }

  /** It answers, and with our configuration: what somebody else loaded is replaced at the next look. */
  async #isAsLoaded(): Promise<boolean> {
    const running = (await this.#parts.runner.current?.admin.config()) ?? null;
    if (running === null) return false;
    this.#loaded.compare(running);
    return true;
  }

  /** The agent goes, Caddy stays and serves by the addresses last published. */
  async close(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    await this.#applying;
    await this.#writing.catch(() => undefined);
    await Promise.all([this.#parts.answerer.close(), this.#hold?.close()]);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#loading.then(work);
    this.#loading = next.then(
      () => undefined,
      () => undefined,
    );
    return next;
  }

  async #configure(apps: readonly IngressApp[]): Promise<void> {
    const { runner, files, epochs, clock } = this.#parts;
    const groups = routeGroups(apps);
    const caddy = runner.current ?? (await runner.ensure(this.#ended.signal));

    // Names of both configurations are known while Caddy goes from one to the other.
    const before = this.#groups;
    this.#groups = whileChanging(before, groups);
    await this.#apply();
    try {
      // Requests that came in by the configuration before look their names up a moment later.
      if (await this.#load(caddy, groups)) await clock.sleep(SETTLE_MS, this.#ended.signal);
    } catch (error) {
      this.#groups = before;
      await this.#apply();
      throw error;
    }
    this.#apps = apps;
    this.#groups = groups;
    const features = [...(this.#features?.features ?? [])];
    const state = JSON.stringify({ apps, containerHash: caddy.hash, features } satisfies IngressState);
    if (state !== this.#state) await files.writeState(state);
    this.#state = state;
    await this.#apply();
    await epochs.keepOnly(groups.map(({ key }) => key));
  }

  /** @returns whether Caddy ran another configuration before */
  async #load(caddy: RunningCaddy, groups: readonly RouteGroup[]): Promise<boolean> {
    const { files, proxy } = this.#parts;
    let features = this.#features?.containerHash === caddy.hash ? this.#features.features : ALL_FEATURES;
    const certificates = await this.#parts.readCertificates();
    let text = JSON.stringify(caddyConfig(groups, proxy, features, certificates));
    if (this.#loaded.is(caddy.engineId, text)) return false;
    for (;;) {
      const answer = await caddy.admin.load(text);
      if (answer.status === 200) break;
      const fewer = withoutRefused(features, answer.body);
      if (fewer === null) throw configurationRefused(answer.body);
      features = fewer;
      text = JSON.stringify(caddyConfig(groups, proxy, features, certificates));
    }
    this.#features = { containerHash: caddy.hash, features };
    await files.writeConfig(text);
    this.#loaded.set(caddy.engineId, text);
    await files.pruneCertificates(certificates);
    return true;
  }

  /** Brings the table to the sockets and the files, one change after the other. Resolves when Caddy goes by it. */
  #apply(): Promise<void> {
    const next = this.#applying.then(() => this.#applyNow());
    this.#applying = next.catch(() => undefined);
    return next;
  }

  async #applyNow(): Promise<void> {
    if (this.#upstreams === null) return;
    const { answerer, epochs, clock, holdMs } = this.#parts;
    const nowMs = clock.now().monotonicMs;
    const before = this.#table;
    const after = answerTable({
      groups: this.#groups,
      upstreams: this.#upstreams,
      previous: before,
      nowMs,
      holdMs,
    });
    this.#table = after;
    answerer.setAnswers(after.answers);
    const changed = new Set(changedLabels(before, after));
    for (const { key, sources } of this.#groups)
      if (sources.some(({ label }) => changed.has(label))) this.#stale.add(key);
    this.#wakeAtDeadline(nowMs);
    // The answers come first: a name of the new epoch must not be answered by the old ones.
    const stale = [...this.#stale];
    await Promise.all([epochs.begin(stale), this.#writeHosts()]);
    for (const key of stale) this.#stale.delete(key);
    this.#hold?.release();
    // What Caddy heard from an earlier run of the agent is not known, so the first publication may take something away.
    await clock.sleep(this.#isFirst ? SETTLE_MS : settleMs(before, after), this.#ended.signal);
    this.#isFirst = false;
  }

  #writeHosts(): Promise<void> {
    const { files, readHosts } = this.#parts;
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(async () => {
        const text = hostsFile(await readHosts(), this.#table);
        if (text === this.#hosts) return;
        await files.writeHosts(text);
        this.#hosts = text;
      });
    return this.#writing;
  }

  /** Held groups go down by themselves. */
  #wakeAtDeadline(nowMs: number): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    const deadlineMs = nextDeadlineMs(this.#table);
    this.#deadline =
      deadlineMs === null || this.#ended.signal.aborted
        ? null
        : setTimeout(() => void this.#apply().catch(() => undefined), Math.max(1, deadlineMs - nowMs));
  }
}
