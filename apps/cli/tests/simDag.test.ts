import { afterEach, describe, expect, it, vi } from 'vitest';
import { simDag, type SimDagOptions, type Summary } from '../src/commands/simDag.ts';

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** What `./q sim dag` writes. */
function printed(options: Partial<SimDagOptions>): string {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  simDag({ runs: 1, seed: 1, nodes: 4, fault: 'none', ...options });
  return text;
}
const json = (options: Partial<SimDagOptions>) =>
  JSON.parse(printed({ ...options, json: true })) as Summary;

describe('./q sim dag --signatures', () => {
  it('checks every signature with ML-DSA-65, and finds each that a liar forged', () => {
    const { violations, stalled, signatures } = json({
      byzantine: '1',
      strategy: 'badSignature',
      signatures: '1',
    });
    expect({ violations, stalled }).toEqual({ violations: 0, stalled: 0 });
    expect(signatures?.verified).toBe(signatures?.checked);
    expect(signatures?.verified).toBeGreaterThan(500);
    expect(signatures?.signed).toBeGreaterThan(100);
    expect(signatures?.forged).toBeGreaterThan(20);
  });

  it('takes a share and nothing else', () => {
    for (const signatures of ['0', '1.5', '-1', 'all', '1e-1'])
      expect(() => printed({ signatures })).toThrow('--signatures takes ideal or a share');
  });
});

describe('./q sim dag --followers', () => {
  it('tells how late a certificate is with followers, and what it costs them', () => {
    const { followers } = json({ byzantine: '0', followers: 1_000 });
    expect(followers).toMatchObject({ followers: 1_000, validators: 4, checksEach: 3 });
    expect(followers?.reached).toBe(1_000);
    expect(followers?.certificate_bytes).toBeGreaterThan(3 * 3_309);
    // Nobody is nearer than one delay of 20 ms, and both certificates of a fork are later than one.
    const { p50: late_ms = 0, p99: last_ms } = followers?.arrival_ms ?? {};
    expect(late_ms).toBeGreaterThan(20);
    expect(last_ms).toBeGreaterThan(late_ms);
    expect(followers?.fork_ms.p50).toBeGreaterThan(late_ms);
  });

  it('says so in words', () => {
    const text = printed({ byzantine: '0', followers: 500 });
    expect(text).toMatch(/500\s+of 500 followers have a certificate/);
    expect(text).toMatch(/3\s+signatures that each checks for it/);
  });
});
