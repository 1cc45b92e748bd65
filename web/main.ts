/** The page: log in, watch, draw. The token stays in this tab unless the person asks to keep it. */
import type { Page } from '../protocol/http-api/page.ts';
import type { AppView } from '../protocol/http-api/views.ts';
import { EMPTY_BOARD, foldFrame } from './board-state.ts';
import type { BoardState } from './board-state.ts';
import { ConsoleLink } from './console-link.ts';
import { ConsolePane } from './console-pane.ts';
import { byId, show } from './dom.ts';
import { PacedRequest } from './paced-request.ts';
import { renderAppCards, renderDeploymentList, renderHostTable } from './views.ts';

const TOKEN = 'longshore-token';
const APPS_AFTER_MS = 300;
const APPS_PAUSE_MS = 2_000;
const CLOCK_MS = 5_000;

class Board {
  readonly #session = byId('session', HTMLElement);
  readonly #login = byId('login', HTMLElement);
  readonly #board = byId('board', HTMLElement);
  readonly #logout = byId('logout', HTMLButtonElement);
  readonly #error = byId('login-error', HTMLElement);
  #state: BoardState = EMPTY_BOARD;
  #apps: readonly AppView[] = [];
  #link: ConsoleLink | null = null;
  #token = '';
  #drawAsked = false;
  /** Apps are a summary over hosts and deployments: asked again after either changed. */
  readonly #appsRequest = new PacedRequest({
    work: () => this.#fetchApps(),
    settleMs: APPS_AFTER_MS,
    pauseMs: APPS_PAUSE_MS,
    later: (work, ms) => window.setTimeout(work, ms),
    now: () => performance.now(),
  });

  start(): void {
    new ConsolePane(() => this.#link);
    byId('login-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const token = byId('token', HTMLInputElement).value.trim();
      (byId('remember', HTMLInputElement).checked ? localStorage : sessionStorage).setItem(TOKEN, token);
      this.#connect(token);
    });
    this.#logout.addEventListener('click', () => this.#leave(''));
    window.setInterval(() => this.#ask(), CLOCK_MS);
    document.addEventListener('visibilitychange', () => {
      if (!this.#board.hidden) this.#askApps();
    });
    const kept = sessionStorage.getItem(TOKEN) ?? localStorage.getItem(TOKEN);
    if (kept === null) this.#leave('');
    else this.#connect(kept);
  }

  #connect(token: string): void {
    this.#token = token;
    this.#session.textContent = 'Connecting …';
    this.#link?.close();
    this.#link = new ConsoleLink(token, {
      onWelcome: (name, role) => this.#welcome(name, role),
      onLost: (retryMs) => {
        this.#session.textContent = `Connection lost; next try in ${Math.ceil(retryMs / 1_000)} s`;
      },
      onRefused: (problem) => this.#leave(problem.message),
    });
  }

  #welcome(name: string, role: string): void {
    this.#session.textContent = `Connected as ${name} (${role})`;
    this.#login.hidden = true;
    this.#board.hidden = false;
    this.#logout.hidden = false;
    this.#state = EMPTY_BOARD;
    this.#link?.call({ kind: 'watch', app: null, deployment: null }, (frame) => {
      this.#state = foldFrame(this.#state, frame);
      if (frame.kind === 'deployment' || frame.kind === 'host') this.#askApps();
      this.#ask();
    });
    this.#askApps();
    this.#ask();
  }

  #leave(reason: string): void {
    this.#link?.close();
    this.#link = null;
    sessionStorage.removeItem(TOKEN);
    localStorage.removeItem(TOKEN);
    this.#session.textContent = 'Not connected';
    this.#error.textContent = reason;
    this.#login.hidden = false;
    this.#board.hidden = true;
    this.#logout.hidden = true;
    byId('token', HTMLInputElement).value = '';
    byId('token', HTMLInputElement).focus();
  }

  /** Nobody looks at a page in the background: it asks when it is seen again. */
  #askApps(): void {
    if (document.visibilityState === 'visible') this.#appsRequest.ask();
  }

  async #fetchApps(): Promise<void> {
    const token = this.#token;
    const apps: AppView[] = [];
    try {
      for (let cursor: string | null = ''; cursor !== null;) {
        const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const headers = { authorization: `Bearer ${token}` };
        const response = await fetch(`/v1/apps?limit=500${query}`, { headers });
        if (!response.ok) return;
        const page = (await response.json()) as Page<AppView>;
        apps.push(...page.items);
        cursor = page.next;
      }
      if (token !== this.#token) return;
      this.#apps = apps;
      this.#ask();
    } catch {
      // The socket's own status line says that the coordinator is away; the next change asks again.
    }
  }

  /** At most one drawing a frame, however many changes came. */
  #ask(): void {
    if (this.#drawAsked || this.#board.hidden) return;
    this.#drawAsked = true;
    requestAnimationFrame(() => {
      this.#drawAsked = false;
      this.#draw();
    });
  }

  #draw(): void {
    const now = Date.now();
    const hosts = [...this.#state.hosts.values()].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
    show(byId('hosts', HTMLElement), renderHostTable(hosts, now));
    show(byId('apps', HTMLElement), ...renderAppCards(this.#apps));
    show(byId('deployments', HTMLElement), ...renderDeploymentList([...this.#state.deployments.values()], now));
  }
}

new Board().start();
