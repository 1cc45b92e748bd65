/**
 * `${VAR}` in one text, as Compose has it: `$VAR`, `${VAR}`, `:-`, `-`, `:?`, `?`, `:+`, `+` with nested operands, and
 * `$$` for a plain `$`. Unlike Compose, an undefined variable without default is a problem and not an empty text:
 * a release that silently lacks a value is found too late. Operands that are not used are not looked at.
 */

export type Lookup = (name: string) => string | undefined;

export interface InterpolationProblem {
  /** Characters before the variable in the template. */
  readonly offset: number;
  readonly message: string;
}

export interface Interpolated {
  readonly text: string;
  readonly problems: readonly InterpolationProblem[];
}

type Operator = ':-' | '-' | ':?' | '?' | ':+' | '+';

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'broken'; readonly offset: number; readonly message: string }
  | {
      readonly kind: 'variable';
      readonly offset: number;
      readonly name: string;
      readonly operator: Operator | null;
      readonly operand: readonly Part[];
    };

const NAME = /[a-zA-Z_][a-zA-Z0-9_]*/;
const OPERATOR = /:[-?+]|[-?+]/;
const MAX_NESTING = 20;

/** Characters that all expanded values of a file may have together. */
export const MAX_EXPANDED_CHARACTERS = 4 * 1024 * 1024;

/** Of one text; the rest would say the same. */
const MAX_TEXT_PROBLEMS = 20;

interface Evaluation {
  readonly lookup: Lookup;
  readonly problems: InterpolationProblem[];
  charactersLeft: number;
}

/** `maxCharacters` bounds the result, and the work: values that hold values double with each line. */
export function interpolate(template: string, lookup: Lookup, maxCharacters = MAX_EXPANDED_CHARACTERS): Interpolated {
  if (!template.includes('$')) return { text: template, problems: [] };
  const { parts } = parse(template, 0, 0);
  const evaluation: Evaluation = { lookup, problems: [], charactersLeft: maxCharacters };
  const text = evaluate(parts, evaluation);
  if (evaluation.charactersLeft >= 0) return { text, problems: evaluation.problems };
  const message = `variables make the file longer than ${MAX_EXPANDED_CHARACTERS} characters`;
  return { text: '', problems: [...evaluation.problems, { offset: template.indexOf('$'), message }] };
}

/** Ends at the `}` of the surrounding variable, or at the end of the text on the outermost level. */
function parse(template: string, from: number, nesting: number): { parts: readonly Part[]; next: number } {
  const parts: Part[] = [];
  let at = from;
  while (at < template.length) {
    if (nesting > 0 && template[at] === '}') break;
    if (template[at] !== '$') {
      const end = endOfText(template, at, nesting);
      parts.push({ kind: 'text', text: template.slice(at, end) });
      at = end;
    } else if (template[at + 1] === '$') {
      parts.push({ kind: 'text', text: '$' });
      at += 2;
    } else {
      const { part, next } = parseVariable(template, at, nesting);
      parts.push(part);
      at = next;
    }
  }
  return { parts, next: at };
}

function endOfText(template: string, from: number, nesting: number): number {
  let end = from;
  while (end < template.length && template[end] !== '$' && !(nesting > 0 && template[end] === '}')) end += 1;
  return end;
}

function parseVariable(template: string, offset: number, nesting: number): { part: Part; next: number } {
  const braced = template[offset + 1] === '{';
  const nameAt = offset + (braced ? 2 : 1);
  const name = match(NAME, template, nameAt);
  if (name === null) return broken(template, offset, 'a "$" that begins no variable is written "$$"');
  const afterName = nameAt + name.length;
  if (!braced) return { part: { kind: 'variable', offset, name, operator: null, operand: [] }, next: afterName };
  if (template[afterName] === '}')
    return { part: { kind: 'variable', offset, name, operator: null, operand: [] }, next: afterName + 1 };
  const operator = match(OPERATOR, template, afterName);
  if (operator === null || !isOperator(operator))
    return broken(template, offset, `\${${name}...} takes one of :- - :? ? :+ + after the name, and ends with "}"`);
  if (nesting >= MAX_NESTING) return broken(template, offset, `variables are nested more than ${MAX_NESTING} deep`);
  const { parts, next } = parse(template, afterName + operator.length, nesting + 1);
  const last = parts[parts.length - 1];
  if (last?.kind === 'broken') return { part: last, next: template.length };
  if (template[next] !== '}') return broken(template, offset, `the "}" of \${${name}${operator}... is missing`);
  return { part: { kind: 'variable', offset, name, operator, operand: parts }, next: next + 1 };
}

function broken(template: string, offset: number, message: string): { part: Part; next: number } {
  return { part: { kind: 'broken', offset, message }, next: template.length };
}

function evaluate(parts: readonly Part[], evaluation: Evaluation): string {
  let text = '';
  for (const part of parts) {
    if (part.kind === 'broken') say(evaluation, part);
    const piece = part.kind === 'text' ? part.text : part.kind === 'variable' ? valueOf(part, evaluation) : '';
    evaluation.charactersLeft -= piece.length;
    if (evaluation.charactersLeft < 0) return '';
    text += piece;
  }
  return text;
}

function say({ problems }: Evaluation, { offset, message }: InterpolationProblem): void {
  if (problems.length < MAX_TEXT_PROBLEMS) problems.push({ offset, message });
}

function valueOf(part: Extract<Part, { kind: 'variable' }>, evaluation: Evaluation): string {
  const { name, operator, offset } = part;
  const value = evaluation.lookup(name);
  const operand = (): string => evaluate(part.operand, evaluation);
  const missing = (message: string): string => {
    say(evaluation, { offset, message });
    return '';
  };
  switch (operator) {
    case null:
      return value ?? missing(`the variable ${name} is not set; set it, or write \${${name}:-} where empty is meant`);
    case ':-':
      return value === undefined || value === '' ? operand() : value;
    case '-':
      return value ?? operand();
    case ':?':
      return value === undefined || value === '' ? missing(required(name, 'is not set or empty', operand())) : value;
    case '?':
      return value ?? missing(required(name, 'is not set', operand()));
    case ':+':
      return value === undefined || value === '' ? '' : operand();
    case '+':
      return value === undefined ? '' : operand();
  }
}

function required(name: string, state: string, message: string): string {
  return `the variable ${name} ${state}${message === '' ? '' : `: ${message}`}`;
}

function isOperator(text: string): text is Operator {
  return [':-', '-', ':?', '?', ':+', '+'].includes(text);
}

function match(pattern: RegExp, text: string, at: number): string | null {
  const sticky = new RegExp(pattern.source, 'y');
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0] ?? null;
}
