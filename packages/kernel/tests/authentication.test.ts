import {
  decapsulate,
  deriveKeys,
  generateKemKeys,
  generateSeed,
  sha256Hex,
  signCallMac,
} from '@anarq/crypto';
import { startTestNode, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
