/** Whether some node in a part of the syntax tree is as asked; `enter` says which nodes are gone into. */
function some(
  node: unknown,
  is: (node: { readonly kind?: unknown; readonly name?: unknown }) => boolean,
  enter: (node: { readonly kind?: unknown }) => boolean = () => true,
): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (Array.isArray(node)) return node.some((one) => some(one, is, enter));
  if (is(node)) return true;
  return enter(node) && Object.values(node).some((one) => some(one, is, enter));
}

/** Whether a part of a text names this, in whatever meaning. */
export const mentions = (part: unknown, name: string): boolean =>
  some(part, (node) => node.name === name);

/** Whether a part of a text changes variables, or might. */
export const writes = (part: unknown): boolean =>
  some(part, (node) => node.kind === 'assign' || node.kind === 'declare');

/** Whether a `return` stands in a part of a text. */
export const returns = (part: unknown): boolean => some(part, (node) => node.kind === 'return');

/** Whether a part of a text calls a function. */
export const hasCalls = (part: unknown): boolean => some(part, (node) => node.kind === 'call');

/** Whether a loop with this body is left or begun again from within. */
export const usesJumps = (body: { readonly kind: string }): boolean =>
  some(
    [body],
    (node) => node.kind === 'break' || node.kind === 'continue',
    (node) => node.kind !== 'for' && node.kind !== 'while',
  );
