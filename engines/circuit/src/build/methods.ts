import type { TableGate } from '../gates.ts';
import type { Angle } from './values.ts';

type Words<Text extends string | undefined> = Text extends `${infer First} ${infer Rest}`
  ? [First, ...Words<Rest>]
  : Text extends '' | undefined
    ? []
    : [Text];

type Each<List extends readonly unknown[], T> = { [K in keyof List]: T };

type RowOf<G> = G extends { readonly row?: infer R } ? NonNullable<R> : never;

type ParamsOf<R> = R extends { readonly params: infer P extends string } ? Words<P> : [];
type OperandsOf<R> = R extends { readonly symbols: infer S extends string } ? Words<S> : [];

/** A method for each gate of the table, by its name: its params, then its qubits. */
export type GateMethods<Builder> = {
  readonly [G in TableGate as G['name']]: (
    ...args: [...Each<ParamsOf<RowOf<G>>, Angle>, ...Each<OperandsOf<RowOf<G>>, number>]
  ) => Builder;
};
