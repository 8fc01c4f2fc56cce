import type { SimulationOptions } from '../src/testing/index.ts';

/** A mistake in the engine: a sentence of its source that is another one, and what should find it. */
export interface PlantedBug {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Runs of a simulated chain, or views of one DAG as the worst of networks would give them. */
  readonly by: Omit<SimulationOptions, 'seed'> | 'views';
  /** What is said of it. */
  readonly says: RegExp;
}

const faulty = { byzantine: 'max', nodes: 4 } as const;
const epochs = { ...faulty, fault: 'epochs' } as const;

/**
 * Mistakes that a chain could make. A simulation that does not find each of them soon proves nothing about a chain in
 * which it finds none.
 */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'one block certifies a leader',
    file: 'commitRule.ts',
    from: 'if (certifying.size >= quorum)',
    to: 'if (certifying.size >= 1)',
    by: 'views',
    says: /^slot/,
  },
  {
    name: 'votes of fewer than a quorum certify',
    file: 'commitRule.ts',
    from: 'return count >= this.#dag.committee.quorum;',
    to: 'return count >= 1;',
    by: 'views',
    says: /^slot/,
  },
  {
    name: 'a leader is skipped before a quorum is against it',
    file: 'commitRule.ts',
    from: 'return against.size >= quorum',
    to: 'return against.size >= 1',
    by: 'views',
    says: /^slot/,
  },
  {
    name: 'a leader is decided by one that does not look back on all its certificates',
    file: 'commitRule.ts',
    from: 'round >= slot.round + WAVE &&',
    to: 'round > slot.round &&',
    by: 'views',
    says: /^slot/,
  },
  {
    name: 'a leader is decided by one behind another that is still open',
    file: 'commitRule.ts',
    from: "decisions[at]?.kind !== 'skip',",
    to: "decisions[at]?.kind === 'commit',",
    by: 'views',
    says: /^slot/,
  },
  {
    name: 'a reference is believed',
    file: 'epochRun.ts',
    from: 'if (there !== undefined && (there.round !== round || there.author !== author))',
    to: 'if (there === null)',
    by: { ...faulty, strategy: 'lyingRefs' },
    says: /another commit|no honest clock/,
  },
  {
    name: 'a restart forgets what was said',
    file: 'speaker.ts',
    from: 'saidBefore(ref: Ref): void {',
    to: 'saidBefore(ref: Ref): void { return;',
    by: { ...faulty, byzantine: 0, fault: 'crash' },
    says: /two blocks for round/,
  },
  {
    name: 'a restart forgets what is in order',
    file: 'sequencer.ts',
    from: 'for (const { digest, round } of refs) this.#ordered.set(digest, round);',
    to: 'void refs;',
    by: { ...faulty, byzantine: 0, fault: 'crash' },
    says: /another commit/,
  },
  {
    name: 'the leader alone says what time it is',
    file: 'sequencer.ts',
    from: 'Math.max(this.#time_ms, this.#medianTime(leader))',
    to: 'Math.max(this.#time_ms, leader.time_ms)',
    by: { ...faulty, strategy: 'wrongTime', fault: 'none' },
    says: /a time that no honest clock showed/,
  },
  {
    name: 'signatures of entries count for nothing',
    file: 'executor.ts',
    from: 'if (holds) this.#carryOutEntry',
    to: 'this.#carryOutEntry',
    by: { ...faulty, strategy: 'forge', fault: 'none' },
    says: /never signed/,
  },
  {
    name: 'a proof of two blocks needs no signature',
    file: 'executor.ts',
    from: 'checks.some(({ token }) => this.#verdicts.get(token) !== true)',
    to: 'checks.length === 0',
    by: { ...faulty, strategy: 'forge', fault: 'none' },
    says: /holds an honest validator for a liar/,
  },
  {
    name: 'a transaction acts as often as it comes',
    file: 'account.ts',
    from: 'if (use !== undefined) return',
    to: 'if (use === null) return',
    by: { ...faulty, byzantine: 0, fault: 'loss' },
    says: /carried out twice|receipts that say|no receipt/,
  },
  {
    name: 'a payment makes money',
    file: 'state.ts',
    from: 'return withAccount(less, to, { ...payee, balance: payee.balance + amount });',
    to: 'return withAccount(less, to, { ...payee, balance: payee.balance + amount + 1n });',
    by: { ...faulty, byzantine: 0, fault: 'none' },
    says: /of a supply of/,
  },
  {
    name: 'one vote makes a certificate',
    file: 'finality.ts',
    from: 'if (votes.length < this.#quorum) return undefined;',
    to: 'if (votes.length < 1) return undefined;',
    by: { ...faulty, byzantine: 0, fault: 'none' },
    says: /a certificate that does not hold/,
  },
  {
    name: 'a vote does not say for which number it is',
    file: 'checkpoint.ts',
    from: '.u32(epoch).u32(seq).done(), digest);',
    to: '.u32(epoch).u32(0 * seq).done(), digest);',
    by: { ...faulty, strategy: 'strangeVote', fault: 'none' },
    says: /saw a fork|no certificate/,
  },
  {
    name: 'a state is taken over that nobody signed',
    file: 'adoption.ts',
    from: "if (!isCertified(certificate, committee.publicKeys, verify)) return 'no quorum signed it';",
    to: '',
    by: { ...faulty, strategy: 'noise', fault: 'none' },
    says: /another checkpoint|no certificate/,
  },
  {
    name: 'the last ends of epochs are left out',
    file: 'history.ts',
    from: 'const ENDS_KEPT = 4;',
    to: 'const ENDS_KEPT = 0;',
    by: { ...epochs, byzantine: 0 },
    says: /cannot show its state/,
  },
];
