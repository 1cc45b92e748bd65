/** Hosts, apps and deployments as elements. Colour never stands alone: each light has its word. */
import { hasEnded } from '../fleet/deployment.ts';
import type { AppView, DeploymentView, HostView } from '../protocol/http-api/views.ts';
import { runningElsewhere } from '../protocol/text/apps.ts';
import { AVAILABILITY_WORDS } from '../protocol/text/availability.ts';
import { renderCause } from '../protocol/text/cause.ts';
import { onceLine, progressOf, purposeOf, stepDetail, waveProgress } from '../protocol/text/deployments.ts';
import { renderProblem } from '../protocol/text/problem.ts';
import { renderAgo, renderBytes, renderDuration } from '../protocol/text/time.ts';
import { h, link } from './dom.ts';

type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'soft';

const light = (text: string, tone: Tone): Node => h('span', { class: `light ${tone}` }, text);

export function renderHostTable(hosts: readonly HostView[], now: number): Node {
  if (hosts.length === 0)
    return h(
      'p',
      { class: 'notice' },
      'No hosts yet. Make a token with “longshore enroll-token” and start an agent with it.',
    );
  const names = ['Host', 'Connected', 'Converged', 'Availability', 'Pool', 'Apps', 'Load', 'Waiting for'];
  return h(
    'table',
    { class: 'stack' },
    h('thead', {}, h('tr', {}, ...names.map((name) => h('th', {}, name)))),
    h(
      'tbody',
      {},
      ...hosts.map((host) =>
        h('tr', {}, ...hostCells(host, now).map((cell, index) => h('td', { 'data-name': names[index] ?? '' }, cell))),
      ),
    ),
  );
}

function hostCells(host: HostView, now: number): readonly Node[] {
  const metrics = host.metrics;
  return [
    h('strong', {}, host.name),
    host.connected ? light('connected', 'good') : light(`away, seen ${renderAgo(host.lastSeenAt, now)}`, 'bad'),
    host.converged ? light('converged', 'good') : light('not yet', 'warn'),
    host.availability === 'active' ? text('active') : light(AVAILABILITY_WORDS[host.availability], 'warn'),
    text(host.pool ?? '–'),
    text(host.apps.map(({ app, report }) => `${app} ${report?.release ?? '–'}`).join(', ') || '–'),
    text(
      metrics === null
        ? '–'
        : `${Math.round(metrics.cpu * 100)} % cpu, ${renderBytes(metrics.diskFreeBytes)} disk free`,
    ),
    text(host.waiting ?? ''),
  ];
}

export function renderAppCards(apps: readonly AppView[]): readonly Node[] {
  if (apps.length === 0)
    return [
      h('p', { class: 'notice' }, 'No apps yet. “longshore init” writes a compose.yaml, “longshore deploy” ships it.'),
    ];
  return apps.map((app) =>
    h(
      'article',
      { class: 'card' },
      h(
        'div',
        { class: 'row' },
        h('h3', {}, app.app),
        app.healthy ? light('healthy', 'good') : light('not healthy', 'bad'),
      ),
      h(
        'p',
        {},
        `Release ${app.release ?? '–'} on ${onRelease(app)} of ${app.hosts} hosts, ${app.converged} converged`,
      ),
      ...runningElsewhere(app).map((other) => h('p', { class: 'warn' }, `Release ${other}`)),
      ...app.urls.map((url) => h('p', {}, link(url))),
      ...app.quarantined.map((item) =>
        h(
          'p',
          { class: 'warn' },
          `${item.kind === 'held' ? 'Held' : 'Quarantined'}: ${item.service} ${item.digest.slice(7, 19)} (${item.reason})`,
        ),
      ),
      app.schedule === null ? null : h('p', { class: 'soft' }, `Looks for newer images ${app.schedule}`),
    ),
  );
}

function onRelease({ release, running }: AppView): number {
  return running.find((one) => one.release !== null && one.release === release)?.hosts ?? 0;
}

const STATE_TONE: Readonly<Record<DeploymentView['state'], Tone>> = {
  queued: 'soft',
  rolling: 'busy',
  paused: 'warn',
  rolling_back: 'warn',
  succeeded: 'good',
  rolled_back: 'warn',
  failed: 'bad',
  cancelled: 'soft',
  superseded: 'soft',
};

/** More would push the hosts out of sight. */
const ENDED_SHOWN = 3;

export function renderDeploymentList(deployments: readonly DeploymentView[], now: number): readonly Node[] {
  if (deployments.length === 0) return [h('p', { class: 'notice' }, 'Nothing was deployed yet.')];
  const underWay = deployments.filter(({ state }) => !hasEnded(state));
  const ended = deployments.filter(({ state }) => hasEnded(state));
  const cards = [...underWay, ...ended.slice(0, ENDED_SHOWN)].map((deployment) =>
    renderDeploymentCard(deployment, now),
  );
  return ended.length > ENDED_SHOWN
    ? [...cards, h('p', { class: 'hint' }, 'Earlier ones: “deployments” in the console below.')]
    : cards;
}

function renderDeploymentCard(deployment: DeploymentView, now: number): Node {
  const elapsed = renderDuration((deployment.endedAt ?? now) - (deployment.startedAt ?? deployment.createdAt));
  const open = !hasEnded(deployment.state);
  return h(
    'article',
    { class: 'card deployment' },
    h(
      'div',
      { class: 'row' },
      h('h3', {}, `${deployment.app} ${purposeOf(deployment)}`),
      light(deployment.state.replace('_', ' '), STATE_TONE[deployment.state]),
    ),
    h(
      'p',
      { class: 'soft' },
      `${progressOf(deployment)}, ${elapsed}, ${renderAgo(deployment.createdAt, now)}, ${renderCause(deployment.cause)} (${deployment.id})`,
    ),
    ...onceOf(deployment),
    ...(open ? wavesOf(deployment) : []),
    deployment.problem === null ? null : h('p', { class: 'problem' }, renderProblem(deployment.problem)),
  );
}

function onceOf(deployment: DeploymentView): readonly Node[] {
  const line = onceLine(deployment);
  return line === null ? [] : [h('p', { class: deployment.once?.state === 'failed' ? 'problem' : 'soft' }, line)];
}

const STEP_TONE: Readonly<Record<DeploymentView['steps'][number]['state'], Tone>> = {
  waiting: 'soft',
  moving: 'busy',
  passed: 'good',
  failed: 'bad',
  offline: 'warn',
  returning: 'warn',
  returned: 'warn',
};

function wavesOf(deployment: DeploymentView): readonly Node[] {
  return Array.from({ length: deployment.waves }, (_, wave) => {
    const steps = deployment.steps.filter((step) => step.wave === wave);
    const bar = document.createElement('progress');
    const progress = waveProgress(deployment, wave);
    bar.max = Math.max(1, progress.hosts);
    bar.value = progress.settled;
    bar.setAttribute('aria-label', `Wave ${wave + 1}`);
    return h(
      'div',
      {},
      h(
        'div',
        { class: 'wave' },
        h('span', {}, `Wave ${wave + 1}/${deployment.waves}`),
        bar,
        h('span', {}, `${progress.settled}/${progress.hosts}`),
      ),
      h(
        'ul',
        { class: 'steps' },
        ...steps.map((step) =>
          h(
            'li',
            {},
            h('span', {}, step.name),
            light(step.state, STEP_TONE[step.state]),
            h('span', { class: 'soft' }, stepDetail(step)),
          ),
        ),
      ),
      progress.hosts > steps.length ? h('p', { class: 'soft' }, `${progress.hosts} hosts: ${progress.text}`) : null,
    );
  });
}

function text(content: string): Node {
  return document.createTextNode(content);
}
