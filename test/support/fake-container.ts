/** One container of the fake engine: its state is a function of what was done to it, its image's behaviour, and time. */
import type {
  ContainerObservation,
  ContainerState,
  ExecResult,
  ImageFacts,
  InstancePlan,
  NetworkNames,
} from '../../agent/engine/container-engine.ts';

/** What the containers of an image do. Times count from their start. */
export interface FakeBehaviour {
  /** Answers probes after so long; null = never. */
  readonly healthyAfterMs: number | null;
  /** Stops answering again after so long; null = never. */
  readonly unhealthyAfterMs: number | null;
  /** Ends by itself after so long; null = runs. 0 = at once. */
  readonly exitAfterMs: number | null;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Message with which the engine refuses to create it; null = it does not. */
  readonly createRefused: string | null;
  readonly exec: (command: readonly string[]) => ExecResult;
  readonly log: readonly string[];
}

export const workingBehaviour: FakeBehaviour = {
  healthyAfterMs: 0,
  unhealthyAfterMs: null,
  exitAfterMs: null,
  exitCode: 0,
  oomKilled: false,
  createRefused: null,
  exec: (command) => ({ exitCode: 0, output: command.join(' ') }),
  log: ['started'],
};

type Lifecycle =
  | { readonly kind: 'created' }
  | { readonly kind: 'started'; readonly atMs: number }
  | { readonly kind: 'stopped'; readonly startedAtMs: number; readonly atMs: number; readonly exitCode: number };

/** Time the engine waits before a restart by policy; constant here. */
const RESTART_DELAY_MS = 1_000;

export class FakeContainer {
  readonly plan: InstancePlan;
  readonly engineId: string;
  readonly #behaviour: FakeBehaviour;
  readonly #hasHealthcheck: boolean;
  /** As Docker mounts them where the image declares a volume and the plan names none. */
  readonly #anonymous: Readonly<Record<string, string>>;
  #life: Lifecycle = { kind: 'created' };
  #restartPolicy = 'no';
  #address: string | null;
  #networkId: string | null = null;
  #names: NetworkNames;

  constructor(
    plan: InstancePlan,
    behaviour: FakeBehaviour,
    facts: Pick<ImageFacts, 'hasHealthcheck' | 'volumes'>,
    number: number,
  ) {
    this.plan = plan;
    this.engineId = `fake${String(number).padStart(4, '0')}${plan.instance}`;
    this.#behaviour = behaviour;
    this.#hasHealthcheck = facts.hasHealthcheck;
    this.#anonymous = Object.fromEntries(
      facts.volumes.map((path, index) => [path, `${number}`.padStart(60, '0') + `${index}`.padStart(4, '0')]),
    );
    this.#address = plan.address;
    this.#names = plan.names;
  }

  get address(): string | null {
    return this.#address;
  }

  get names(): NetworkNames {
    return this.#names;
  }

  get log(): readonly string[] {
    return this.#life.kind === 'created' ? [] : this.#behaviour.log;
  }

  get hostPorts(): readonly number[] {
    return this.plan.service.spec.ports.flatMap((port) => (port.host === null ? [] : [port.host]));
  }

  get networkId(): string | null {
    return this.#networkId;
  }

  /** Path -> the engine's name of the volume. */
  get volumes(): Readonly<Record<string, string>> {
    const { service, volumes, imageVolumes } = this.plan;
    const named = service.spec.mounts.flatMap((mount) =>
      mount.kind === 'volume' ? [[mount.target, volumes[mount.volume] ?? ''] as const] : [],
    );
    return { ...this.#anonymous, ...Object.fromEntries(named), ...imageVolumes };
  }

  start(nowMs: number, networkId: string | null = this.#networkId): void {
    this.#life = { kind: 'started', atMs: nowMs };
    if (this.#address !== null) this.#networkId = networkId;
  }

  stop(nowMs: number): void {
    if (this.#life.kind !== 'started') return;
    const exitedAtMs = this.#exitedAtMs(nowMs);
    this.#life = {
      kind: 'stopped',
      startedAtMs: this.#life.atMs,
      atMs: exitedAtMs ?? nowMs,
      exitCode: exitedAtMs === null ? 143 : this.#behaviour.exitCode,
    };
  }

  reboot(nowMs: number): void {
    if (this.#life.kind !== 'started') return;
    if (this.#restartPolicy === 'always' || this.#restartPolicy === 'unless-stopped') this.start(nowMs);
    else this.stop(nowMs);
  }

  setRestart(name: string): void {
    this.#restartPolicy = name;
  }

  setNames(address: string, names: NetworkNames, networkId: string): void {
    this.#address = address;
    this.#names = names;
    this.#networkId = networkId;
  }

  /** As `docker network disconnect`. */
  disconnect(): void {
    this.#address = null;
    this.#names = { aliases: [], links: {} };
    this.#networkId = null;
  }

  exec(command: readonly string[], nowMs: number): ExecResult {
    const isProbe =
      this.plan.service.spec.probe.check.kind === 'exec' &&
      command.join() === this.plan.service.spec.probe.check.command.join();
    if (isProbe) return this.serves(nowMs) ? { exitCode: 0, output: 'ok' } : { exitCode: 1, output: 'not ready' };
    return this.#behaviour.exec(command);
  }

  isRunning(nowMs: number): boolean {
    return this.state(nowMs) === 'running';
  }

  /** It runs and answers probes. */
  serves(nowMs: number): boolean {
    return this.health(nowMs) === 'healthy';
  }

  state(nowMs: number): ContainerState {
    if (this.#life.kind === 'created') return 'created';
    if (this.#life.kind === 'stopped') return 'exited';
    if (this.#exitedAtMs(nowMs) === null) return 'running';
    return this.#restarts() ? 'restarting' : 'exited';
  }

  health(nowMs: number): 'none' | 'starting' | 'healthy' | 'unhealthy' {
    if (this.#life.kind !== 'started' || this.#exitedAtMs(nowMs) !== null) return 'none';
    const age = this.#ageMs(nowMs);
    const { healthyAfterMs, unhealthyAfterMs } = this.#behaviour;
    if (unhealthyAfterMs !== null && age >= unhealthyAfterMs) return 'unhealthy';
    if (healthyAfterMs !== null && age >= healthyAfterMs) return 'healthy';
    return 'starting';
  }

  observe(nowMs: number): ContainerObservation {
    const life = this.#life;
    const plan = this.plan;
    const exitedAtMs = this.#exitedAtMs(nowMs);
    const ended = life.kind === 'stopped' || exitedAtMs !== null;
    const useEngineHealth = this.#hasHealthcheck && plan.service.spec.probe.check.kind === 'image';
    return {
      engineId: this.engineId,
      instance: plan.instance,
      app: plan.app,
      service: plan.service.name,
      replica: plan.replica,
      slot: plan.slot,
      hash: plan.service.hash,
      release: plan.release,
      deployment: plan.deployment,
      attempt: plan.attempt,
      imageId: plan.imageId,
      recordedImageId: plan.imageId,
      digest: plan.service.spec.image.digest ?? ('' as ContainerObservation['digest']),
      state: this.state(nowMs),
      exitCode: life.kind === 'stopped' ? life.exitCode : ended ? this.#behaviour.exitCode : null,
      oomKilled: ended && this.#behaviour.oomKilled,
      restartPolicy: this.#restartPolicy,
      restartCount: this.#restartCount(nowMs),
      startedAtMs:
        life.kind === 'created' ? null : life.kind === 'started' ? nowMs - this.#ageMs(nowMs) : life.startedAtMs,
      finishedAtMs: life.kind === 'stopped' ? life.atMs : exitedAtMs,
      address: plan.network === null ? null : this.#address,
      networkId: plan.network === null ? null : this.#networkId,
      ...this.#names,
      engineHealth: useEngineHealth ? this.health(nowMs) : 'none',
      engineHealthDetail: null,
      stopGraceMs: plan.service.spec.stopGraceMs,
      ports: Object.fromEntries(
        plan.service.spec.ports.map((port) => [String(port.container), port.host ?? 32_768 + port.container]),
      ),
      volumes: this.volumes,
    };
  }

  #restarts(): boolean {
    if (this.#restartPolicy === 'on-failure') return this.#behaviour.exitCode !== 0;
    return this.#restartPolicy !== 'no';
  }

  /** Age of the present run: with a restart policy, runs follow each other with a pause between. */
  #ageMs(nowMs: number): number {
    if (this.#life.kind !== 'started') return 0;
    const age = nowMs - this.#life.atMs;
    const lasts = this.#behaviour.exitAfterMs;
    if (lasts === null || !this.#restarts()) return age;
    return age % (lasts + RESTART_DELAY_MS);
  }

  #restartCount(nowMs: number): number {
    const lasts = this.#behaviour.exitAfterMs;
    if (this.#life.kind !== 'started' || lasts === null || !this.#restarts()) return 0;
    return Math.floor((nowMs - this.#life.atMs) / (lasts + RESTART_DELAY_MS));
  }

  /** When the present run ended; null = it goes on. */
  #exitedAtMs(nowMs: number): number | null {
    const lasts = this.#behaviour.exitAfterMs;
    if (this.#life.kind !== 'started' || lasts === null) return null;
    const age = this.#ageMs(nowMs);
    return age >= lasts ? nowMs - age + lasts : null;
  }
}
