import type {
  Argument,
  ArrayLiteral,
  ArrayReferenceType,
  ArrayType,
  Designator,
  Expr,
  IndexedName,
  IndexOperator,
  MeasureExpression,
  Name,
  OldType,
  Operand,
  QuantumCall,
  QubitType,
  Range,
  ScalarType,
  Scope,
  SetExpression,
  Span,
} from '../../src/qasm/syntax.ts';

/** A node of the official grammar: a rule with what it consists of, or the text of a token. */
export type Node = string | readonly [rule: string, ...Node[]];

/** Expressions, types and operands as nodes of the official grammar. */
export abstract class AntlrParts {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  abstract scope(scope: Scope): Node;

  slice = (span: Span): string => this.text.slice(span.at, span.end);

  /** Items with commas between, and one behind the last where the text has it. */
  list<T extends Span>(rule: string, items: readonly T[], convert: (item: T) => Node): Node {
    const last = items.at(-1);
    const trailing = last !== undefined && /^\s*,/.test(this.text.slice(last.end));
    const separated = items.flatMap((item, k) =>
      k === 0 ? [convert(item)] : [',', convert(item)],
    );
    return [rule, ...separated, ...(trailing ? [','] : [])];
  }

  args = (args: readonly Expr[]): Node[] => [
    '(',
    ...(args.length === 0 ? [] : [this.list('expressionList', args, this.expr)]),
    ')',
  ];

  names = (names: readonly Name[]): Node[] =>
    names.length === 0 ? [] : [this.list('identifierList', names, ({ name }) => name)];

  operands = (operands: readonly Operand[]): Node[] =>
    operands.length === 0 ? [] : [this.list('gateOperandList', operands, this.operand)];

  operand = (operand: Operand): Node => [
    'gateOperand',
    operand.kind === 'hardwareQubit' ? this.slice(operand) : this.indexed(operand),
  ];

  indexed = (of: IndexedName): Node => [
    'indexedIdentifier',
    of.name,
    ...of.indices.map(this.index),
  ];

  index = (index: IndexOperator): Node => {
    if (index.set !== undefined) return ['indexOperator', '[', this.set(index.set), ']'];
    const [, ...items] = this.list('', index.list, (one) =>
      one.kind === 'range' ? this.range(one) : this.expr(one),
    ) as readonly [string, ...Node[]];
    return ['indexOperator', '[', ...items, ']'];
  };

  range(range: Range): Node {
    const { start, step, stop } = range;
    const end = (expr: Expr | undefined): Node[] => (expr === undefined ? [] : [this.expr(expr)]);
    const middle = step === undefined ? [] : [...end(step), ':'];
    return ['rangeExpression', ...end(start), ':', ...middle, ...end(stop)];
  }

  set = (set: SetExpression): Node => {
    const [, ...items] = this.list('', set.items, this.expr) as readonly [string, ...Node[]];
    return ['setExpression', '{', ...items, '}'];
  };

  array = (array: ArrayLiteral): Node => {
    const [, ...items] = this.list('', array.items, (one) =>
      one.kind === 'arrayLiteral' ? this.array(one) : this.expr(one),
    ) as readonly [string, ...Node[]];
    return ['arrayLiteral', '{', ...items, '}'];
  };

  assigned(value: Expr | MeasureExpression | QuantumCall): Node {
    if (value.kind === 'measure')
      return ['measureExpression', 'measure', this.operand(value.operand)];
    if (value.kind !== 'quantumCall') return this.expr(value);
    const args = value.args === undefined ? [] : this.args(value.args);
    return ['quantumCallExpression', value.callee.name, ...args, ...this.operands(value.operands)];
  }

  expr = (expr: Expr): Node => {
    switch (expr.kind) {
      case 'parenthesis':
        return ['expression', '(', this.expr(expr.of), ')'];
      case 'unary':
        return ['expression', expr.op, this.expr(expr.of)];
      case 'binary':
        return ['expression', this.expr(expr.left), expr.op, this.expr(expr.right)];
      case 'index':
        return ['expression', this.expr(expr.of), this.index(expr.index)];
      case 'call':
        return ['expression', expr.callee.name, ...this.args(expr.args)];
      case 'cast':
        return ['expression', this.type(expr.type), '(', this.expr(expr.of), ')'];
      case 'durationof':
        return ['expression', 'durationof', '(', this.scope(expr.scope), ')'];
      default:
        return ['expression', this.slice(expr)];
    }
  };

  returns = (type: ScalarType | undefined): Node[] =>
    type === undefined ? [] : [['returnSignature', '->', this.type(type)]];

  argument = (argument: Argument): Node => {
    const { type, name } = argument;
    if (type.kind === 'oldType')
      return ['argumentDefinition', type.keyword, name.name, ...this.maybe(type.size)];
    return ['argumentDefinition', this.type(type), name.name];
  };

  type(type: ScalarType | ArrayType | ArrayReferenceType | QubitType | OldType): Node {
    switch (type.kind) {
      case 'scalarType':
        return [
          'scalarType',
          type.base,
          ...this.maybe(type.size),
          ...(type.part === undefined ? [] : ['[', this.type(type.part), ']']),
        ];
      case 'qubitType':
        return ['qubitType', 'qubit', ...this.maybe(type.size)];
      case 'arrayType':
        return [
          'arrayType',
          'array',
          '[',
          this.type(type.base),
          ',',
          this.list('expressionList', type.sizes, this.expr),
          ']',
        ];
      case 'arrayReferenceType':
        return [
          'arrayReferenceType',
          type.access,
          'array',
          '[',
          this.type(type.base),
          ',',
          ...(type.dimensions === undefined
            ? [this.list('expressionList', type.sizes, this.expr)]
            : ['#dim', '=', this.expr(type.dimensions)]),
          ']',
        ];
      case 'oldType':
        throw new Error('Stands in an argument only');
    }
  }

  designator = (designator: Designator): Node => ['designator', '[', this.expr(designator.of), ']'];

  maybe = (designator: Designator | undefined): Node[] =>
    designator === undefined ? [] : [this.designator(designator)];
}
