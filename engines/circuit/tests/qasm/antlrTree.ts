import type {
  GateModifier,
  HardwareQubit,
  Name,
  Program,
  Scope,
  Statement,
} from '../../src/qasm/syntax.ts';
import { AntlrParts, type Node } from './antlrParts.ts';

/**
 * The parse tree that the official grammar gives for a text, made from our syntax tree, and written
 * as in the reference files: a line for each rule and token, indented by two spaces a level.
 */
export function antlrTree(text: string, program: Program): string {
  return lines(new Converter(text).program(program), 0).join('\n');
}

function lines(node: Node, depth: number): string[] {
  const indent = '  '.repeat(depth);
  if (typeof node === 'string') return [indent + node.trim()];
  const [rule, ...children] = node;
  return [indent + rule, ...children.flatMap((child) => lines(child, depth + 1))];
}

class Converter extends AntlrParts {
  program(program: Program): Node {
    const { version } = program;
    const header: Node[] =
      version === undefined
        ? []
        : [['version', 'OPENQASM', /[\d.]+/.exec(this.slice(version))![0], ';']];
    return ['program', ...header, ...program.body.map(this.statementOrScope), '<EOF>'];
  }

  statementOrScope = (statement: Statement): Node => [
    'statementOrScope',
    statement.kind === 'scope' ? this.scope(statement) : this.statement(statement),
  ];

  scope(scope: Scope): Node {
    return ['scope', '{', ...scope.body.map(this.statementOrScope), '}'];
  }

  statement(statement: Statement): Node {
    const annotations = (statement.annotations ?? []).map((one): Node => [
      'annotation',
      `@${one.keyword}`,
      ...(one.content === undefined ? [] : [one.content]),
    ]);
    return ['statement', ...annotations, this.kind(statement)];
  }

  kind(statement: Statement): Node {
    const word = /^#?\w+/.exec(this.slice(statement))?.[0] ?? '';
    switch (statement.kind) {
      case 'pragma':
        return ['pragma', word, statement.content];
      case 'include':
      case 'defcalgrammar': {
        const path = /['"].*['"]/.exec(this.slice(statement))![0];
        const rule =
          statement.kind === 'include' ? 'includeStatement' : 'calibrationGrammarStatement';
        return [rule, statement.kind, path, ';'];
      }
      case 'break':
      case 'continue':
      case 'end':
        return [`${statement.kind}Statement`, statement.kind, ';'];
      case 'gateCall':
        return this.gateCall(statement);
      case 'gate':
        return [
          'gateStatement',
          'gate',
          statement.name.name,
          ...(statement.params === undefined ? [] : ['(', ...this.names(statement.params), ')']),
          ...this.names(statement.qubits),
          this.scope(statement.scope),
        ];
      case 'measureArrow':
        return [
          'measureArrowAssignmentStatement',
          this.assigned(statement.value),
          ...(statement.target === undefined ? [] : ['->', this.indexed(statement.target)]),
          ';',
        ];
      case 'reset':
        return ['resetStatement', 'reset', this.operand(statement.operand), ';'];
      case 'barrier':
      case 'nop':
        return [
          `${statement.kind}Statement`,
          statement.kind,
          ...this.operands(statement.operands),
          ';',
        ];
      case 'delay':
        return [
          'delayStatement',
          'delay',
          this.designator(statement.duration),
          ...this.operands(statement.operands),
          ';',
        ];
      case 'box':
        return [
          'boxStatement',
          'box',
          ...this.maybe(statement.duration),
          this.scope(statement.scope),
        ];
      default:
        return this.declarationOrControl(statement);
    }
  }

  declarationOrControl(statement: Statement): Node {
    switch (statement.kind) {
      case 'qubit':
        return ['quantumDeclarationStatement', this.type(statement.type), statement.name.name, ';'];
      case 'qreg':
      case 'creg':
        return [
          'oldStyleDeclarationStatement',
          statement.kind,
          statement.name.name,
          ...this.maybe(statement.size),
          ';',
        ];
      case 'input':
      case 'output':
        return [
          'ioDeclarationStatement',
          statement.kind,
          this.type(statement.type),
          statement.name.name,
          ';',
        ];
      case 'const':
      case 'declare': {
        const value = statement.value;
        const rule =
          statement.kind === 'const'
            ? 'constDeclarationStatement'
            : 'classicalDeclarationStatement';
        return [
          rule,
          ...(statement.kind === 'const' ? ['const'] : []),
          this.type(statement.type),
          statement.name.name,
          ...(value === undefined
            ? []
            : [
                '=',
                [
                  'declarationExpression',
                  value.kind === 'arrayLiteral' ? this.array(value) : this.assigned(value),
                ] as Node,
              ]),
          ';',
        ];
      }
      case 'alias':
        return [
          'aliasDeclarationStatement',
          'let',
          statement.name.name,
          '=',
          [
            'aliasExpression',
            ...statement.parts.flatMap((part, k) =>
              k === 0 ? [this.expr(part)] : ['++', this.expr(part)],
            ),
          ],
          ';',
        ];
      case 'assign':
        return [
          'assignmentStatement',
          this.indexed(statement.target),
          statement.op,
          this.assigned(statement.value),
          ';',
        ];
      case 'expression':
        return ['expressionStatement', this.expr(statement.of), ';'];
      case 'if':
        return [
          'ifStatement',
          'if',
          '(',
          this.expr(statement.condition),
          ')',
          this.statementOrScope(statement.then),
          ...(statement.else === undefined ? [] : ['else', this.statementOrScope(statement.else)]),
        ];
      case 'while':
        return [
          'whileStatement',
          'while',
          '(',
          this.expr(statement.condition),
          ')',
          this.statementOrScope(statement.body),
        ];
      case 'for': {
        const { domain } = statement;
        const over: Node[] =
          domain.kind === 'set'
            ? [this.set(domain)]
            : domain.kind === 'range'
              ? ['[', this.range(domain), ']']
              : [this.expr(domain)];
        return [
          'forStatement',
          'for',
          this.type(statement.type),
          statement.variable.name,
          'in',
          ...over,
          this.statementOrScope(statement.body),
        ];
      }
      case 'switch':
        return [
          'switchStatement',
          'switch',
          '(',
          this.expr(statement.of),
          ')',
          '{',
          ...statement.cases.map((one): Node => [
            'switchCaseItem',
            ...(one.labels === undefined
              ? ['default']
              : ['case', this.list('expressionList', one.labels, this.expr)]),
            this.scope(one.scope),
          ]),
          '}',
        ];
      case 'return':
        return [
          'returnStatement',
          'return',
          ...(statement.value === undefined ? [] : [this.assigned(statement.value)]),
          ';',
        ];
      default:
        return this.definition(statement);
    }
  }

  definition(statement: Statement): Node {
    switch (statement.kind) {
      case 'def':
        return [
          'defStatement',
          'def',
          statement.name.name,
          '(',
          ...(statement.args.length === 0
            ? []
            : [this.list('argumentDefinitionList', statement.args, this.argument)]),
          ')',
          ...this.returns(statement.returns),
          this.scope(statement.scope),
        ];
      case 'extern':
        return [
          'externStatement',
          'extern',
          statement.name.name,
          '(',
          ...(statement.args.length === 0
            ? []
            : [
                this.list('externArgumentList', statement.args, (one): Node => [
                  'externArgument',
                  ...(one.kind === 'oldType'
                    ? [one.keyword, ...this.maybe(one.size)]
                    : [this.type(one)]),
                ]),
              ]),
          ')',
          ...this.returns(statement.returns),
          ';',
        ];
      case 'cal':
        return [
          'calStatement',
          'cal',
          '{',
          ...(statement.text === '' ? [] : [statement.text]),
          '}',
        ];
      case 'defcal':
        return [
          'defcalStatement',
          'defcal',
          ['defcalTarget', statement.target.name],
          ...(statement.args === undefined
            ? []
            : [
                '(',
                ...(statement.args.length === 0
                  ? []
                  : [
                      this.list('defcalArgumentDefinitionList', statement.args, (one): Node => [
                        'defcalArgumentDefinition',
                        one.kind === 'argument' ? this.argument(one) : this.expr(one),
                      ]),
                    ]),
                ')',
              ]),
          this.list('defcalOperandList', statement.operands, (one: Name | HardwareQubit): Node => [
            'defcalOperand',
            this.slice(one),
          ]),
          ...this.returns(statement.returns),
          '{',
          ...(statement.text === '' ? [] : [statement.text]),
          '}',
        ];
      default:
        throw new Error(`The official grammar has no ${statement.kind}`);
    }
  }

  gateCall(call: Statement & { kind: 'gateCall' }): Node {
    return [
      'gateCallStatement',
      ...call.modifiers.map((one: GateModifier): Node => [
        'gateModifier',
        one.kind,
        ...(one.argument === undefined ? [] : ['(', this.expr(one.argument), ')']),
        '@',
      ]),
      call.callee.name,
      ...(call.args === undefined ? [] : this.args(call.args)),
      ...this.maybe(call.duration),
      ...this.operands(call.operands),
      ';',
    ];
  }
}
