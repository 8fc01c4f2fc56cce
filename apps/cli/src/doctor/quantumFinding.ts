import { findNative } from '@anarq/quantum-native';
import type { Finding } from './finding.ts';

/** What runs the state vectors of quantum circuits here, and why; the choice is about speed alone. */
export async function quantumFinding(): Promise<Finding> {
  const check = 'Quantum circuits';
  const found = await findNative({ build: 'no' });
  if (found.kind === 'ready') {
    const { kernels, compiler } = found.native;
    return { check, state: 'ok', found: `native ${kernels}, built with ${compiler}` };
  }
  const why = found.kind === 'absent' ? found.why : 'it is being built';
  return {
    check,
    state: 'ok',
    found: `WebAssembly; not native: ${why.split('\n', 1)[0]}`,
  };
}
