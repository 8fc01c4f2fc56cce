/**
 * The syntax tree of OpenQASM 2 and 3.1, named after the rules of the official grammar
 * (openqasm/openqasm, source/grammar/qasm3Parser.g4). Every node has its span in the text, in UTF-16
 * units: `at` is where it begins, `end` is behind it.
 */
export interface Span {
  readonly at: number;
  readonly end: number;
}

export interface Program extends Span {
  /** Major and minor number, and the span they stand at. */
  readonly version: Version | undefined;
  readonly body: readonly Statement[];
}

export interface Version extends Span {
  readonly major: number;
  readonly minor: number;
}

/** A name where one is declared. */
export interface Name extends Span {
  readonly name: string;
}

// Expressions

export type Expr = Span &
  (
    | { readonly kind: 'int'; readonly value: bigint }
    | { readonly kind: 'float' | 'imaginary'; readonly value: number }
    | { readonly kind: 'bool'; readonly value: boolean }
    /** The digits 0 and 1, the most significant first. */
    | { readonly kind: 'bitstring'; readonly digits: string }
    | { readonly kind: 'timing'; readonly value: number; readonly unit: TimeUnit }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'hardwareQubit'; readonly number: number }
    | { readonly kind: 'parenthesis'; readonly of: Expr }
    | { readonly kind: 'unary'; readonly op: '-' | '~' | '!'; readonly of: Expr }
    | {
        readonly kind: 'binary';
        readonly op: BinaryOp;
        /** Where the operator stands. */
        readonly opAt: number;
        readonly left: Expr;
        readonly right: Expr;
      }
    | { readonly kind: 'index'; readonly of: Expr; readonly index: IndexOperator }
    | { readonly kind: 'call'; readonly callee: Name; readonly args: readonly Expr[] }
    | { readonly kind: 'cast'; readonly type: ScalarType | ArrayType; readonly of: Expr }
    | { readonly kind: 'durationof'; readonly scope: Scope }
  );

export type TimeUnit = 'dt' | 'ns' | 'us' | 'ms' | 's';

export type BinaryOp =
  | '**'
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '=='
  | '!='
  | '&'
  | '^'
  | '|'
  | '&&'
  | '||';

export interface IndexOperator extends Span {
  /** One set, or a list of expressions and ranges. */
  readonly set: SetExpression | undefined;
  readonly list: readonly (Expr | Range)[];
}

export interface Range extends Span {
  readonly kind: 'range';
  readonly start: Expr | undefined;
  /** In the middle where there are three. */
  readonly step: Expr | undefined;
  readonly stop: Expr | undefined;
}

export interface SetExpression extends Span {
  readonly kind: 'set';
  readonly items: readonly Expr[];
}

export interface ArrayLiteral extends Span {
  readonly kind: 'arrayLiteral';
  readonly items: readonly (Expr | ArrayLiteral)[];
}

export interface MeasureExpression extends Span {
  readonly kind: 'measure';
  readonly operand: Operand;
}

/** A call of a subroutine written like a gate. */
export interface QuantumCall extends Span {
  readonly kind: 'quantumCall';
  readonly callee: Name;
  readonly args: readonly Expr[] | undefined;
  readonly operands: readonly Operand[];
}

export type Initial = Expr | ArrayLiteral | MeasureExpression | QuantumCall;
export type Assigned = Expr | MeasureExpression | QuantumCall;

/** `indexedIdentifier`, or a hardware qubit. */
export type Operand = IndexedName | HardwareQubit;

export interface IndexedName extends Span {
  readonly kind: 'indexed';
  readonly name: string;
  readonly indices: readonly IndexOperator[];
}

export interface HardwareQubit extends Span {
  readonly kind: 'hardwareQubit';
  readonly number: number;
}

// Types

export interface ScalarType extends Span {
  readonly kind: 'scalarType';
  readonly base:
    | 'bit'
    | 'int'
    | 'uint'
    | 'float'
    | 'angle'
    | 'bool'
    | 'duration'
    | 'stretch'
    | 'complex';
  readonly size: Designator | undefined;
  /** What a complex number consists of. */
  readonly part: ScalarType | undefined;
}

export interface ArrayType extends Span {
  readonly kind: 'arrayType';
  readonly base: ScalarType;
  readonly sizes: readonly Expr[];
}

export interface ArrayReferenceType extends Span {
  readonly kind: 'arrayReferenceType';
  readonly access: 'readonly' | 'mutable';
  readonly base: ScalarType;
  readonly sizes: readonly Expr[];
  /** The number of dimensions, where it is given instead of the sizes. */
  readonly dimensions: Expr | undefined;
}

export interface QubitType extends Span {
  readonly kind: 'qubitType';
  readonly size: Designator | undefined;
}

/** `creg` and `qreg` of version 2 as types of an argument. */
export interface OldType extends Span {
  readonly kind: 'oldType';
  readonly keyword: 'creg' | 'qreg';
  readonly size: Designator | undefined;
}

/** `[expression]` */
export interface Designator extends Span {
  readonly of: Expr;
}

export interface Argument extends Span {
  readonly kind: 'argument';
  readonly type: ScalarType | QubitType | OldType | ArrayReferenceType;
  readonly name: Name;
}

// Statements

export type Statement = Span & { readonly annotations?: readonly Annotation[] } & StatementKind;

export interface Annotation extends Span {
  /** Without `@`. */
  readonly keyword: string;
  readonly content: string | undefined;
}

export interface Scope extends Span {
  readonly kind: 'scope';
  readonly body: readonly Statement[];
}

export interface GateModifier extends Span {
  readonly kind: 'inv' | 'pow' | 'ctrl' | 'negctrl';
  readonly argument: Expr | undefined;
}

export interface GateCall {
  readonly kind: 'gateCall';
  readonly modifiers: readonly GateModifier[];
  readonly callee: Name;
  readonly args: readonly Expr[] | undefined;
  readonly duration: Designator | undefined;
  readonly operands: readonly Operand[];
}

export interface SwitchCase extends Span {
  /** Absent for `default`. */
  readonly labels: readonly Expr[] | undefined;
  readonly scope: Scope;
}

export type LoopDomain = SetExpression | Range | Expr;

export type StatementKind =
  | Scope
  | GateCall
  | { readonly kind: 'pragma'; readonly content: string }
  | { readonly kind: 'include' | 'defcalgrammar'; readonly path: string }
  | { readonly kind: 'break' | 'continue' | 'end' }
  | {
      readonly kind: 'for';
      readonly type: ScalarType;
      readonly variable: Name;
      readonly domain: LoopDomain;
      readonly body: Statement;
    }
  | {
      readonly kind: 'if';
      readonly condition: Expr;
      readonly then: Statement;
      readonly else: Statement | undefined;
    }
  | { readonly kind: 'while'; readonly condition: Expr; readonly body: Statement }
  | { readonly kind: 'return'; readonly value: Assigned | undefined }
  | { readonly kind: 'switch'; readonly of: Expr; readonly cases: readonly SwitchCase[] }
  | { readonly kind: 'barrier' | 'nop'; readonly operands: readonly Operand[] }
  | { readonly kind: 'box'; readonly duration: Designator | undefined; readonly scope: Scope }
  | {
      readonly kind: 'delay';
      readonly duration: Designator;
      readonly operands: readonly Operand[];
    }
  | {
      readonly kind: 'measureArrow';
      readonly value: MeasureExpression | QuantumCall;
      readonly target: IndexedName | undefined;
    }
  | { readonly kind: 'reset'; readonly operand: Operand }
  | { readonly kind: 'alias'; readonly name: Name; readonly parts: readonly Expr[] }
  | {
      readonly kind: 'declare';
      readonly type: ScalarType | ArrayType;
      readonly name: Name;
      readonly value: Initial | undefined;
    }
  | {
      readonly kind: 'const';
      readonly type: ScalarType;
      readonly name: Name;
      readonly value: Initial;
    }
  | {
      readonly kind: 'input' | 'output';
      readonly type: ScalarType | ArrayType;
      readonly name: Name;
    }
  | {
      readonly kind: 'creg' | 'qreg';
      readonly name: Name;
      readonly size: Designator | undefined;
    }
  | { readonly kind: 'qubit'; readonly type: QubitType; readonly name: Name }
  | {
      readonly kind: 'def';
      readonly name: Name;
      readonly args: readonly Argument[];
      readonly returns: ScalarType | undefined;
      readonly scope: Scope;
    }
  | {
      readonly kind: 'extern';
      readonly name: Name;
      readonly args: readonly (ScalarType | ArrayReferenceType | OldType)[];
      readonly returns: ScalarType | undefined;
    }
  | {
      readonly kind: 'gate';
      readonly name: Name;
      readonly params: readonly Name[] | undefined;
      readonly qubits: readonly Name[];
      readonly scope: Scope;
    }
  /** `opaque` of version 2. */
  | {
      readonly kind: 'opaque';
      readonly name: Name;
      readonly params: readonly Name[];
      readonly qubits: readonly Name[];
    }
  | {
      readonly kind: 'assign';
      readonly target: IndexedName;
      /** `=`, or an operator with `=` behind it. */
      readonly op: string;
      readonly value: Assigned;
    }
  | { readonly kind: 'expression'; readonly of: Expr }
  | { readonly kind: 'cal'; readonly text: string }
  | {
      readonly kind: 'defcal';
      readonly target: Name;
      readonly args: readonly (Expr | Argument)[] | undefined;
      readonly operands: readonly (Name | HardwareQubit)[];
      readonly returns: ScalarType | undefined;
      readonly text: string;
    };
