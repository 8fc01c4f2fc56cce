export { channelOf, CHANNELS, STIM_CHANNELS, type Channel } from './channels.ts';
export * from './circuit.ts';
export { CircuitError, type CircuitErrorCode } from './error.ts';
export type {
  BinaryOperator,
  Expression,
  FunctionName,
  UnaryOperator,
  Value,
} from './expression.ts';
export { GATES, QASM2_GATES, QASM3_GATES, STIM_GATES, type Gate, type GateUse } from './gates.ts';
export {
  adjoint,
  controlled,
  embedded,
  identityMatrix,
  matrixOf,
  multiply,
  qubitsOf,
  rotationOf,
  tensor,
  type Matrix,
} from './matrix.ts';
export {
  cliffordOf,
  parsePauli,
  pauliOf,
  pauliText,
  type PauliImages,
  type PauliProduct,
} from './pauli.ts';
export {
  CLASSICAL_BITS_MAX,
  evaluate,
  evaluateAngle,
  evaluateAs,
  evaluateCondition,
  EXPRESSION_DEPTH_MAX,
  type Environment,
} from './evaluate.ts';
export { bind } from './transform/bind.ts';
export { expandCustomGates } from './transform/expand.ts';
export { inverseOf } from './transform/inverse.ts';
export {
  noiseModelOf,
  uniformNoise,
  type ChannelUse,
  type NoiseModel,
} from './transform/noiseModel.ts';
export { EXPRESSION_NODES_MAX } from './transform/substitute.ts';
export { depthOf, summaryOf, type Summary } from './transform/summary.ts';
export { circuitText } from './transform/text.ts';
export { validate } from './transform/validate.ts';
export { COORDINATES_MAX, OBSERVABLE_MAX, UNITARY_QUBITS_MAX } from './transform/validateBody.ts';
export { withNoise } from './transform/withNoise.ts';
export { unitaryOf } from './unitary.ts';
export { DISTANCE_MAX, type MemoryNoise, type MemoryOptions } from './codes/memory.ts';
export { repetitionCode } from './codes/repetition.ts';
export { surfaceCode, type SurfaceCodeOptions } from './codes/surface.ts';
export { expressionText } from './qasm/write/expression.ts';
export { parseQasm, type QasmOptions } from './qasm/parse.ts';
export { showError } from './qasm/source.ts';
export { writeQasm, type WriteQasmOptions } from './qasm/write.ts';
export { parseStim } from './stim/parse.ts';
export { writeStim } from './stim/write.ts';
export { STIM_LENGTH_MAX } from './stim/scan.ts';
export { circuitOf, type CircuitBuilder, type CircuitShape } from './build/builder.ts';
export { bit, operate, parameter, record, type Angle, type ControlOn } from './build/values.ts';
export { DRAWN_INSTRUCTIONS_MAX, DRAWN_QUBITS_MAX } from './draw/layout.ts';
export { drawSvg } from './draw/svg.ts';
export { drawText, type TextDrawing } from './draw/text.ts';
