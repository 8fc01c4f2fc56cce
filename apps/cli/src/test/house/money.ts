/**
 * Whether money stays exact: amounts are bigints of minor units, or decimal strings, never binary
 * floating point. The rule goes by names, as the types do by kinds: `amount`, `amountX`, `xMinor`.
 * Where a number is meant that is no amount, its name says what it is: a place in a record
 * (`amountOffset`), a part of a word (`amountLow`).
 */

export interface Node {
  readonly type: string;
  readonly [member: string]: unknown;
}

export interface Context {
  report(finding: { node: object; message: string }): void;
}

const MONEY = /^amount([A-Z]\w*)?$|Minor$|_minor$/;
const NO_AMOUNT = /(Offset|At|Index|Count|Places|Digits|Low|High|Limb|Bytes|Bits)$/;
const CONVERSIONS = new Set(['Number', 'parseFloat', 'parseInt']);
const ARITHMETIC = new Set(['+', '-', '*', '/', '%', '**']);

/** Whether a name stands for an amount of money. */
export const isMoneyName = (name: string): boolean => MONEY.test(name) && !NO_AMOUNT.test(name);

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value;

/** The name of an identifier, a private one, or the property at the end of a member expression. */
function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Identifier' || node.type === 'PrivateIdentifier')
    return typeof node['name'] === 'string' ? node['name'] : undefined;
  if (node.type === 'MemberExpression' && node['computed'] !== true)
    return nameOf(node['property']);
  return undefined;
}

/** The first name of money in an expression: of what a method is called on, and of what it is given. */
function moneyIn(node: unknown): string | undefined {
  if (Array.isArray(node)) return node.map(moneyIn).find((name) => name !== undefined);
  if (!isNode(node)) return undefined;
  const name = nameOf(node);
  if (name !== undefined) return isMoneyName(name) ? name : undefined;
  const { callee, left, right, argument, expression, arguments: given } = node;
  const target = isNode(callee) ? callee['object'] : undefined;
  return moneyIn([target, left, right, argument, expression, given].filter(isSomething));
}

const isSomething = (part: unknown): boolean => part !== undefined && part !== null;

const isNumberType = (holder: unknown): boolean =>
  isNode(holder) &&
  isNode(holder['typeAnnotation']) &&
  holder['typeAnnotation'].type === 'TSNumberKeyword';

const isNumberLiteral = (node: unknown): boolean =>
  isNode(node) && node.type === 'Literal' && typeof node['value'] === 'number';

export const money = {
  create(context: Context) {
    const typed = (name: unknown, holder: unknown, node: Node): void => {
      const found = nameOf(name);
      if (found === undefined || !isMoneyName(found) || !isNumberType(holder)) return;
      context.report({
        node,
        message: `${found} is an amount: a bigint of minor units, or a decimal string, never a number`,
      });
    };
    return {
      Identifier: (node: Node): void => typed(node, node['typeAnnotation'], node),
      TSPropertySignature: (node: Node): void => typed(node['key'], node['typeAnnotation'], node),
      PropertyDefinition: (node: Node): void => typed(node['key'], node['typeAnnotation'], node),
      CallExpression(node: Node): void {
        const callee = nameOf(node['callee']);
        const math = isNode(node['callee']) && nameOf(node['callee']['object']) === 'Math';
        if (!math && (callee === undefined || !CONVERSIONS.has(callee))) return;
        const found = moneyIn(node['arguments']);
        if (found !== undefined)
          context.report({
            node,
            message: `${found} is an amount: ${math ? 'Math' : callee} makes a floating-point number of it`,
          });
      },
      UnaryExpression(node: Node): void {
        const found = node['operator'] === '+' ? nameOf(node['argument']) : undefined;
        if (found !== undefined && isMoneyName(found))
          context.report({
            node,
            message: `${found} is an amount: + makes a floating-point number of it`,
          });
      },
      BinaryExpression(node: Node): void {
        const { operator, left, right } = node;
        if (!ARITHMETIC.has(String(operator))) return;
        const found = isNumberLiteral(right)
          ? nameOf(left)
          : isNumberLiteral(left)
            ? nameOf(right)
            : undefined;
        if (found !== undefined && isMoneyName(found))
          context.report({ node, message: `${found} is an amount: reckon with bigints` });
      },
      Literal(node: Node): void {
        if (typeof node['value'] === 'number' && !Number.isInteger(node['value']))
          context.report({
            node,
            message: `${String(node['raw'])} is binary floating point; where money is kept a fraction is a decimal string or two integers`,
          });
      },
    };
  },
};
