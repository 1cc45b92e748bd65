/**
 * The hub: every agent's session, and what is live of each host. One session a host; control messages never wait for
 * streams; heartbeats stay in memory. It tells its observers what changed and decides nothing about deployments.
 * One tick a second, called by its owner, serves the heartbeats and the silence of all.
 */
import type { Server } from 'node:http';
import { problem } from '../../fleet/errors.ts';
import { isAppName, type Digest, type HostId } from '../../fleet/ids.ts';
import { CLOSE, type AgentMessageOf } from '../../protocol/agent-messages.ts';
import type { ExecHandle, StreamSink } from '../commands.ts';
import type { AssignmentRefusal, HubPort, LiveHost } from '../ports.ts';
import { attend } from './attend.ts';
import { Admission } from './admission.ts';
import { AgentConnection, type ConnectionDuties, type OpenMessage, type OpenSession } from './agent-connection.ts';
import { acceptAgents, type AgentSocket, type AgentSocketEvents, type AgentSockets } from './agent-socket.ts';
import type { StreamTarget } from './agent-streams.ts';
import { AssignmentSender, isShuttingDown } from './assignment-sender.ts';
import { challengeAudience } from './challenge-audience.ts';
import { connectedAgent, connectedStreams } from './connected-agent.ts';
import { Departures } from './departures.ts';
import { HubWrites } from './hub-writes.ts';
import { HubEvents } from './hub-events.ts';
import type { HubOptions } from './hub-options.ts';
import { LiveHosts } from './live-hosts.ts';
import { mergeReport } from './merge-report.ts';
import { notePowerOff } from './power-off.ts';
import { ResolveRequests } from './resolve-requests.ts';
import { TimerWheel } from './timer-wheel.ts';

const HANDSHAKE_MS = 10_000;

export class Hub implements HubPort {
  readonly #options: HubOptions;
  readonly #sessions = new Map<HostId, AgentConnection>();
  /** Every connection that has not ended, also those that have not said hello. */
  readonly #wheel: TimerWheel<AgentConnection>;
  readonly #live = new LiveHosts();
  readonly #admission: Admission;
  readonly #sender: AssignmentSender;
  readonly #writes: HubWrites;
  readonly #departures: Departures;
  readonly #resolves = new ResolveRequests();
  readonly #duties: ConnectionDuties;
  readonly #connections = new Set<AgentConnection>();
  readonly #events: HubEvents;
  #sockets: AgentSockets | null = null;
  #stopping = false;

  constructor(options: HubOptions) {
    this.#options = options;
    const { store, now } = options;
    const connection = (host: HostId): AgentConnection | null => this.#sessions.get(host) ?? null;
    const onFault = this.#onFault;
    this.#wheel = new TimerWheel(now());
    this.#departures = new Departures(now());
    this.#writes = new HubWrites({
      store,
      now,
      live: this.#live,
      onFault,
      onAcked: (host) => options.observer.touched(host),
      onRemoved: (host) => this.assignmentsChanged([host]),
    });
    this.#events = new HubEvents(
      options,
      (event) => this.#writes.event(event),
      (host) => connection(host)?.session?.name ?? this.#departures.nameOf(host),
    );
    this.#sender = new AssignmentSender({
      ...options,
      connection,
      onCurrent: (host, order) => this.#writes.acked(host, order),
      onRefused: (host, refusal) => this.#refusedAssignment(host, refusal),
      onMissing: (host, secrets) => this.#events.missingSecrets(host, secrets),
      onFault,
    });
    this.#admission = new Admission({
      ...options,
      url: options.audiences[0],
      connection,
      hostCount: () => Math.max(options.enrolledHosts, this.#sessions.size + 1),
      wasMissed: (row) => this.#departures.wasMissed(row),
      onOpen: (opened, session, hello) => this.#opened(opened, session, hello),
      onRefused: (host, reason) => this.#events.refusedHello(host, reason),
      onPlacementChanged: () => options.observer.placementChanged(),
    });
    this.#duties = {
      onHello: (found, hello) => void this.#admission.admit(found, hello),
      onMessage: (found, session, message) =>
        this.#onMessage(found, session, options.mask === undefined ? message : options.mask(message)),
      onFlaw: (found, reason) => this.#events.flaw(found, reason),
      onBreach: (found, reason) => this.#events.breach(found, reason),
      onTurnedAway: (found) => options.door.turnedAway(found.socket.peer),
      onEnd: (found, code) => this.#onEnd(found, code),
      onFrame: (direction, kind) => options.metrics.frame(direction, kind),
      now,
    };
  }

  readonly #onFault = (error: unknown): void => {
    if (isShuttingDown(error)) return;
    this.#options.log.error({ err: error }, 'the hub could not use the store, it tries again');
  };

  attach(server: Server): void {
    this.#sockets = acceptAgents(server, this.#options.door, (socket) => this.accept(socket));
  }

  accept(socket: AgentSocket): AgentSocketEvents {
    const { audiences, makeNonce, now } = this.#options;
    const challenge = { nonce: makeNonce(), audience: challengeAudience(audiences, socket.hostHeader) };
    const connection = new AgentConnection(socket, challenge, this.#duties);
    this.#connections.add(connection);
    this.#wheel.set(connection, now() + HANDSHAKE_MS);
    const events = connection.begin();
    if (this.#stopping) connection.close(CLOSE.goingAway, 'the coordinator stops');
    return events;
  }

  /** Once a second. */
  tick(): void {
    const now = this.#options.now();
    for (const connection of this.#wheel.tick(now)) {
      const next = attend(connection, now);
      if (next !== null) this.#wheel.set(connection, next);
    }
    this.#events.tick(now, this.#departures.tick(now));
  }

  /** Writes when each connected host was last heard; every few minutes. */
  async touch(): Promise<void> {
    const seen = [...this.#sessions].map(([host, connection]) => ({ host, at: connection.receivedAt }));
    for (let start = 0; start < seen.length; start += 500)
      await this.#options.store.touchHosts({ seen: seen.slice(start, start + 500) });
  }

  /** Says good-bye to all (1001) and writes what waits. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sockets?.close();
    this.#sender.stop();
    for (const connection of [...this.#connections]) connection.close(CLOSE.goingAway, 'the coordinator stops');
    this.#events.stop();
    await this.#writes.stop();
  }

  live(host: HostId): LiveHost | null {
    const live = this.#live.get(host);
    const connection = this.#sessions.get(host);
    return live === null || connection === undefined ? live : { ...live, lastSeenAt: connection.receivedAt };
  }

  connectedHosts(): readonly HostId[] {
    return [...this.#sessions.keys()];
  }

  assignmentsChanged(hosts: readonly HostId[]): void {
    for (const host of hosts) if (this.#sessions.has(host)) this.#sender.ask(host, null);
  }

  secretsChanged(hosts: readonly HostId[]): void {
    for (const host of hosts) {
      const connection = this.#sessions.get(host);
      if (connection !== undefined) void this.#sender.sendSealed(host, connection);
    }
  }

  hostRemoved(host: HostId): void {
    const connection = this.#sessions.get(host);
    const reason = problem('HOST_REMOVED', `connect host ${connection?.session?.name ?? host}: an operator removed it`);
    connection?.refuse(reason, 3_600_000);
    this.#live.forget(host);
    this.#departures.forget(host);
    this.#events.forget(host);
  }

  async resolve(host: HostId, reference: string): Promise<Digest> {
    const connection = connectedAgent(this.#sessions, host, `resolve ${reference}`);
    return this.#resolves.ask(host, reference, (request) => connection.send({ kind: 'resolve', request, reference }));
  }

  async logs(
    host: HostId,
    target: StreamTarget,
    options: { readonly follow: boolean; readonly tail: number | null; readonly sinceMs: number | null },
    sink: StreamSink,
    signal: AbortSignal,
  ): Promise<void> {
    await connectedStreams(this.#sessions, host, `read logs of ${target.app}`).logs(target, options, sink, signal);
  }

  async exec(
    host: HostId,
    target: StreamTarget,
    options: Parameters<HubPort['exec']>[2],
    sink: StreamSink,
    signal: AbortSignal,
  ): Promise<ExecHandle> {
    return connectedStreams(this.#sessions, host, `run a command in ${target.app}`).exec(target, options, sink, signal);
  }

  #opened(connection: AgentConnection, session: OpenSession, hello: AgentMessageOf<'hello'>): void {
    const { host } = session;
    const now = this.#options.now();
    this.#sessions.set(host, connection);
    this.#departures.back(host);
    this.#live.opened(host, now, hello);
    this.#wheel.set(connection, now + session.heartbeatMs);
    this.#options.log.debug({ host, name: session.name, peer: connection.socket.peer }, 'host connected');
    void this.#sender.sendSealed(host, connection);
    const { order } = session;
    this.#sender.ask(host, order.hash === '' ? null : order);
    this.#options.observer.connectionChanged(host, true);
  }

  #onMessage(connection: AgentConnection, session: OpenSession, message: OpenMessage): void {
    const { host, name } = session;
    const { observer, log } = this.#options;
    switch (message.kind) {
      case 'report':
        this.#onReport(connection, session, message);
        return;
      case 'assignment-ack':
        this.#writes.acked(host, { epoch: message.epoch, generation: message.generation });
        connection.assigned.taken(message);
        this.#live.taken(host, message);
        return;
      case 'assignment-refused':
        this.#refusedAssignment(host, connection.assigned.refused(message, message.problem));
        return;
      case 'event':
        this.#events.told(host, message);
        return;
      case 'due':
        observer.due(host, message.app, message.scheduledAt);
        return;
      case 'power-off':
        void notePowerOff(connection, session, { ...this.#options, onFault: this.#onFault });
        return;
      case 'resolved':
        this.#resolves.answered(host, message);
        return;
      case 'stream-data':
      case 'stream-credit':
      case 'stream-end':
        if (connection.streams?.onMessage(message) === false)
          connection.breach(problem('FRAME_INVALID', `stream ${message.stream}: more bytes than its window`));
        return;
      case 'unsupported':
        log.warn({ host, name, of: message.of }, 'the agent does not know a kind of frame that we sent');
        return;
    }
  }

  #onReport(connection: AgentConnection, { host }: OpenSession, report: AgentMessageOf<'report'>): void {
    const merge = mergeReport(this.#live.known(host), report, connection.reportSeq);
    if (merge.kind === 'gap') {
      const text = `report ${report.seq} of host ${host}: ${merge.expected} was to come, a full one first`;
      connection.breach(problem('FRAME_INVALID', text));
      return;
    }
    connection.reportSeq = report.seq;
    this.#live.set(host, merge.live);
    for (const app of merge.removed) this.#writes.removed(host, app);
    this.#sender.reported(host, connection, merge.removed, report.secrets);
    if (merge.changed.length > 0) this.#options.observer.reported(host, merge.changed);
    else this.#options.observer.touched(host);
    if (merge.problemsChanged) this.#options.observer.problemsChanged(host);
  }

  #refusedAssignment(host: HostId, refusal: AssignmentRefusal | null): void {
    if (refusal === null) return;
    this.#live.update(host, { refusal });
    if (refusal.isSentAgain) this.#sender.askAgain(host, this.#sessions.get(host)?.assigned.refusals ?? 1);
    // A restore is one event, not one of every host.
    const { code, message } = refusal.problem;
    if (code !== 'GENERATION_CONFLICT') this.#events.addOnce(host, 'host.assignment-refused', message);
    this.#options.observer.refused(host, Object.keys(refusal.asked).filter(isAppName));
  }

  #onEnd(connection: AgentConnection, code: number): void {
    this.#connections.delete(connection);
    this.#wheel.delete(connection);
    const { session } = connection;
    if (session === null) return;
    const { host, name } = session;
    // A session that was replaced is not the host's any more.
    if (this.#sessions.get(host) !== connection) return;
    this.#sessions.delete(host);
    const now = this.#options.now();
    this.#live.closed(host, now, connection.receivedAt);
    this.#resolves.hostGone(host);
    this.#options.log.debug({ host, name, code }, 'host disconnected');
    this.#writes.closed({ host, epoch: session.epoch, at: connection.receivedAt });
    if (this.#stopping) return;
    this.#departures.left(host, name, now);
    this.#options.observer.connectionChanged(host, false);
  }
}
