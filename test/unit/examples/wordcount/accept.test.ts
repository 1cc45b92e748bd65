import t from 'tap';
import { prefersPage } from '../../../../examples/wordcount/accept.ts';

t.test('accept: browsers get a page, everybody else JSON', (t) => {
  t.equal(prefersPage('text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'), true);
  t.equal(prefersPage('*/*'), false);
  t.equal(prefersPage(undefined), false);
  t.equal(prefersPage('application/json'), false);
  t.equal(prefersPage('text/html;q=0.5, application/json'), false);
  t.equal(prefersPage('text/html, application/json;q=0.5'), true);
  t.equal(prefersPage('text/html;q=0'), false);
  t.end();
});
