// The source of this repository as the architecture tests look at it: files, their imports, and where things stand.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import ts from 'typescript';

export interface SourceImport {
  readonly specifier: string;
  readonly line: number;
  /** The file in this repository that is meant, if it is one. */
  readonly file: string | undefined;
  /** The package that is meant, without the path inside of it. */
  readonly package: string | undefined;
  readonly builtin: boolean;
}

export interface SourceFile {
  readonly path: string;
  readonly folder: string;
  readonly lines: number;
  readonly ast: ts.SourceFile;
  readonly imports: readonly SourceImport[];
}

/** Files that git knows or would take up: what is ignored is not source. */
export function repositoryFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' });
  return listed
    .split('\n')
    .filter((file) => file !== '' && existsSync(file))
    .sort();
}

let read: readonly SourceFile[] | undefined;

/** Read once a process: the files of this suite share one. */
export function sourceFiles(): readonly SourceFile[] {
  read ??= repositoryFiles()
    .filter((file) => /\.(ts|mts|js|mjs)$/.test(file) && file.includes('/') && !file.startsWith('scripts/stubs/'))
    .map(readSource);
  return read;
}

export function lineOf(file: SourceFile, node: ts.Node): number {
  return file.ast.getLineAndCharacterOfPosition(node.getStart(file.ast)).line + 1;
}

export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => {
    walk(child, visit);
  });
}

function readSource(file: string): SourceFile {
  const text = readFileSync(file, 'utf8');
  const ast = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  const imports: SourceImport[] = [];
  walk(ast, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const line = ast.getLineAndCharacterOfPosition(specifier.getStart(ast)).line + 1;
    imports.push(readImport(file, specifier.text, line));
  });
  return { path: file, folder: file.split('/')[0] ?? '', lines: text.split('\n').length - 1, ast, imports };
}

function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
    return ts.isStringLiteralLike(node.moduleSpecifier) ? node.moduleSpecifier : undefined;
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return ts.isStringLiteralLike(node.argument.literal) ? node.argument.literal : undefined;
  }
  if (ts.isCallExpression(node) && isLoader(node.expression)) {
    const [argument] = node.arguments;
    return argument !== undefined && ts.isStringLiteralLike(argument) ? argument : undefined;
  }
  return undefined;
}

function isLoader(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
}

function readImport(from: string, specifier: string, line: number): SourceImport {
  if (specifier.startsWith('.')) {
    const file = path.posix.join(path.posix.dirname(from), specifier);
    return { specifier, line, file, package: undefined, builtin: false };
  }
  const builtin = specifier.startsWith('node:') || builtinModules.includes(specifier);
  const parts = specifier.split('/');
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
  return { specifier, line, file: undefined, package: builtin ? undefined : name, builtin };
}

/** Whether a path is the file, or below the folder (which ends with a slash). */
export function isUnder(file: string, place: string): boolean {
  return place.endsWith('/') ? file.startsWith(place) : file === place;
}
