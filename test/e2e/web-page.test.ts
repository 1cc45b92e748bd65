/** The page in a real browser over a real server: log in, see, type, on a wide and on a narrow screen. */
import t from 'tap';
import { browserMissing, openBrowser, openPage } from '../support/browser.ts';
import { pollUntil } from '../support/poll-until.ts';
import { aDeploymentView, aHostId, aHostView, aStepView } from '../support/views.ts';
import { openWebStage } from '../support/web-stage.ts';

const missing = browserMissing();

t.test(
  'page: a wrong token is said, a right one shows hosts, apps and live deployments',
  { skip: missing ?? false },
  async (t) => {
    const { url, publish } = await openWebStage(t);
    const { page, errors } = await openPage(await openBrowser(t), { width: 1200, height: 900 });
    await page.goto(url);

    await page.fill('#token', 'nobody');
    await page.click('#login-form button');
    await page.waitForSelector('#login-error:text("unknown")');
    await page.fill('#token', 'operator');
    await page.keyboard.press('Enter');

    await page.waitForSelector('#session:text("Connected as olaf (operator)")');
    await page.waitForSelector('#hosts strong:text("quay-1")');
    await page.waitForSelector('#apps h3:text("shop")');
    await page.waitForSelector('#deployments .wave');
    t.equal(await page.locator('#deployments progress').count(), 2, 'a bar per wave of the open deployment');
    t.match(await page.textContent('#deployments .problem'), /NEVER_HEALTHY[\s\S]*hint:/);
    t.equal(await page.locator('#apps a').count(), 1, 'an address that is no http is no link');
    t.equal(await page.locator('#hosts img').count(), 0, 'what a host is named never becomes markup');

    publish({
      kind: 'deployment',
      deployment: aDeploymentView({ waves: 2, state: 'succeeded', steps: [aStepView({ state: 'passed' })] }),
    });
    await page.waitForSelector('#deployments .light:text("succeeded")');
    publish({ kind: 'host', host: aHostView({ id: aHostId(2), name: 'quay-2' }) });
    await page.waitForSelector('#hosts .light.bad', { state: 'detached' });
    publish({ kind: 'host', host: aHostView({ id: aHostId(2), name: 'quay-2', availability: 'paused' }) });
    await page.waitForSelector('#hosts .light:text("cordoned")');
    t.same(errors, []);
  },
);

t.test('page: the console by keyboard alone: history, completion, errors', { skip: missing ?? false }, async (t) => {
  const { url } = await openWebStage(t);
  const { page } = await openPage(await openBrowser(t), { width: 1200, height: 900 });
  await page.goto(url);
  await page.fill('#token', 'viewer');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#hosts strong:text("quay-1")');
  await page.locator('#hosts').focus();

  await page.keyboard.press('/');
  await page.keyboard.type('hos');
  await page.keyboard.press('Tab');
  // Not by a function in the page: its content security policy forbids what playwright looks again with.
  const line = (): Promise<string> => page.inputValue('#console-input');
  await pollUntil(line, (value) => value === 'host');
  await page.keyboard.type('s');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#console-log :text("CONNECTED")');
  await page.keyboard.type('drain quay-1');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#console-log :text("FORBIDDEN")');
  await page.keyboard.press('ArrowUp');
  await pollUntil(line, (value) => value === 'drain quay-1');
});

t.test(
  'page: a narrow screen needs no sideways scrolling, and shows every column by name',
  { skip: missing ?? false },
  async (t) => {
    const { url } = await openWebStage(t);
    const { page, errors } = await openPage(await openBrowser(t), { width: 360, height: 740 });
    await page.goto(url);
    await page.fill('#token', 'viewer');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#hosts strong:text("quay-1")');

    t.equal(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'), 0);
    t.same(errors, []);
  },
);
