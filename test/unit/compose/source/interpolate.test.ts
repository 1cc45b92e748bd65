import t from 'tap';
import { interpolate } from '../../../../compose/source/interpolate.ts';

const values: Readonly<Record<string, string>> = { SET: 'yes', EMPTY: '', A_1: 'one' };
const lookup = (name: string): string | undefined => values[name];

t.test('interpolate: every form of Compose', (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['plain', 'plain'],
    ['$SET', 'yes'],
    ['$SET-x', 'yes-x'],
    ['${SET}', 'yes'],
    ['a${A_1}b', 'aoneb'],
    ['${EMPTY}', ''],
    ['$$SET', '$SET'],
    ['$${SET}', '${SET}'],
    ['$$$SET', '$yes'],
    ['${SET:-d}', 'yes'],
    ['${EMPTY:-d}', 'd'],
    ['${NONE:-d}', 'd'],
    ['${EMPTY-d}', ''],
    ['${NONE-d}', 'd'],
    ['${NONE:-}', ''],
    ['${NONE:-a b:c?d+e}', 'a b:c?d+e'],
    ['${NONE:-${EMPTY:-${SET}}}', 'yes'],
    ['${NONE:-$SET}', 'yes'],
    ['${NONE:-$$}', '$'],
    ['${SET:?needed}', 'yes'],
    ['${EMPTY?needed}', ''],
    ['${SET:+on}', 'on'],
    ['${EMPTY:+on}', ''],
    ['${NONE:+on}', ''],
    ['${EMPTY+on}', 'on'],
    ['${NONE+on}', ''],
    ['${SET:+${A_1}}', 'one'],
    ['}{', '}{'],
  ];
  for (const [template, expected] of cases)
    t.strictSame(interpolate(template, lookup), { text: expected, problems: [] }, template);
  t.end();
});

t.test('interpolate: names what is missing, and what to do', (t) => {
  const said = (template: string) => interpolate(template, lookup).problems;
  t.match(said('ab${NONE}'), [
    { offset: 2, message: 'the variable NONE is not set; set it, or write ${NONE:-} where empty is meant' },
  ]);
  t.match(said('$NONE'), [{ offset: 0, message: /NONE is not set/ }]);
  t.match(said('${NONE:?say who}'), [{ message: 'the variable NONE is not set or empty: say who' }]);
  t.match(said('${EMPTY:?}'), [{ message: 'the variable EMPTY is not set or empty' }]);
  t.match(said('${NONE?}'), [{ message: 'the variable NONE is not set' }]);
  t.match(said('${NONE:-${OTHER}}'), [{ offset: 8, message: /OTHER is not set/ }]);
  t.strictSame(said('${SET:-${OTHER}}'), [], 'an operand that is not used is not looked at');
  t.equal(said('$NONE $OTHER').length, 2);
  t.end();
});

t.test('interpolate: a broken variable is a problem and not a text', (t) => {
  for (const template of ['$', 'a$', '$1', '${', '${}', '${SET', '${SET:-x', '${SET!x}', '${ SET}', '${SET:x}'])
    t.equal(interpolate(template, lookup).problems.length, 1, template);
  t.match(interpolate('cost 5$', lookup).problems, [{ message: /written "\$\$"/ }]);
  t.match(interpolate('${A:-'.repeat(50) + '}'.repeat(50), lookup).problems, [{ message: /nested/ }]);
  t.end();
});
