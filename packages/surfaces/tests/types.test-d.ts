import type { InProcessTarget } from '@anarq/common-clients';
import type { Kernel } from '@anarq/kernel';
import type { CallTarget } from '../src/index.ts';

// Compiled by the type check, never run: a kernel is what surfaces and clients in process call.
export const isTarget = (kernel: Kernel): CallTarget & InProcessTarget => kernel;
