export * from './checkDialect.ts';
export * from './contract.ts';
export * from './dialect.ts';
export * from './envelope.ts';
export * from './errors.ts';
export * from './models.ts';
export * from './objectives.ts';
export * from './validator.ts';
