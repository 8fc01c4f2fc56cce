import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

import { importRefusal } from './floors.ts';
import { money } from './money.ts';

/**
 * The project's own lint rules, loaded by oxlint: it parses, and reports the place.
 * `floors` holds the imports to floors.ts; `no-double-cast` refuses `as unknown as T`;
 * `money` refuses floating point where money is kept.
 */

interface Context {
  filename: string;
  cwd: string;
  report(finding: { node: object; message: string }): void;
}

interface SourceNode {
  source?: { value?: unknown } | null;
}

const rooms = ['packages', 'engines', 'modules', 'apps'];
const packagesByRoot = new Map<string, ReadonlyMap<string, string>>();

function workspacePackages(root: string): ReadonlyMap<string, string> {
  const known = packagesByRoot.get(root);
  if (known !== undefined) return known;
  const packages = new Map<string, string>();
  for (const room of rooms) {
    for (const name of namesIn(join(root, room))) {
      const described = nameInManifest(join(root, room, name, 'package.json'));
      if (described !== undefined) packages.set(described, `${room}/${name}`);
    }
  }
  packagesByRoot.set(root, packages);
  return packages;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // a house need not have every room
  }
}

function nameInManifest(path: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof manifest !== 'object' || manifest === null || !('name' in manifest))
      return undefined;
    return typeof manifest.name === 'string' ? manifest.name : undefined;
  } catch {
    return undefined; // a folder without a manifest is no package
  }
}

const floors = {
  create(context: Context) {
    const fromPath = relative(context.cwd, context.filename).split(sep).join('/');
    const packages = workspacePackages(context.cwd);
    const judge = (node: SourceNode): void => {
      const specifier = node.source?.value;
      if (typeof specifier !== 'string') return;
      const message = importRefusal(fromPath, specifier, packages);
      if (message !== undefined) context.report({ node, message });
    };
    return {
      ImportDeclaration: judge,
      ExportNamedDeclaration: judge,
      ExportAllDeclaration: judge,
      ImportExpression: judge,
      TSImportType: judge,
    };
  },
};

interface CastNode {
  expression: { type: string; typeAnnotation?: { type: string } };
}

const noDoubleCast = {
  create(context: Context) {
    return {
      TSAsExpression(node: CastNode): void {
        const inner = node.expression;
        if (inner.type === 'TSAsExpression' && inner.typeAnnotation?.type === 'TSUnknownKeyword') {
          context.report({
            node,
            message: '`as unknown as` hides a wrong type; narrow it instead',
          });
        }
      },
    };
  },
};

export default {
  meta: { name: 'house' },
  rules: { floors, 'no-double-cast': noDoubleCast, money },
};
