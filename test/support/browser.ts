/** Chromium for tests of the page: the one on this machine. Skips loudly without it, fails where it is required. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import type { Test } from 'tap';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @returns the reason to skip, or null */
export function browserMissing(environment: NodeJS.ProcessEnv = process.env): string | null {
  if (PATHS.some((path) => existsSync(path))) return null;
  const reason = `no Chromium on this machine (looked at ${PATHS.join(', ')}); on Debian: apt-get install chromium`;
  if (environment.LONGSHORE_REQUIRE_ENGINE === '1') throw new Error(reason);
  return reason;
}

export interface Viewport {
  readonly width: number;
  readonly height: number;
}

export async function openBrowser(t: Pick<Test, 'teardown'>): Promise<Browser> {
  const executablePath = PATHS.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('no Chromium');
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  t.teardown(() => browser.close());
  return browser;
}

/** A page whose console errors and failed scripts fail the test that looks at `errors`. */
export async function openPage(browser: Browser, viewport: Viewport): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport });
  page.setDefaultTimeout(10_000);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return { page, errors };
}
