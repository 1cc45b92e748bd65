import t from 'tap';
import { fitScreen } from '../../../../scripts/demo/live-view.ts';

t.test('fitScreen: no line wraps and none scrolls away, so that the next picture covers this one', (t) => {
  const picture = ['x'.repeat(200), 'second', '', 'Ctrl-C ends it'].join('\n');

  t.same(fitScreen(picture, 80, 24), ['x'.repeat(80), 'second', '', 'Ctrl-C ends it']);
  t.same(fitScreen(picture, 80, 3), ['', 'Ctrl-C ends it']);
  t.end();
});
