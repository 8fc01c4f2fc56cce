export { TemplateError, type Place } from './error.ts';
export { parseTemplate } from './parser/parse.ts';
export { needs, type Known, type Needs } from './run/needs.ts';
export { type Reason, type Refusal } from './run/refusal.ts';
export { run, type Completed, type Outcome, type RunInput } from './run/run.ts';
export { type Posting } from './run/scope.ts';
export { variablesOf, type GivenVariable } from './run/variables.ts';
export { type Template } from './template.ts';
export { type ValueType } from './values.ts';
