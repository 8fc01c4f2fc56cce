import type { Why } from '@anarq/common-schemas';
import type { Invocation } from './invocation.ts';
import type { Services } from './services.ts';

/** How whoever was refused asks for a grant that would do: an operation, and most of its input. */
export interface AskFor {
  readonly operation: 'qonsent.request';
  readonly input: {
    readonly from: string;
    readonly subject?: string;
    readonly command: string;
    readonly resource?: string;
    readonly operations: readonly string[];
  };
}

/**
 * What the details of a refusal say beside why: whom to ask, and with which operation. Nothing where
 * nobody could grant it, for a step of a process, whose caller is told, and on a node without Consent.
 */
export function askFor(inv: Invocation, services: Services, why: Why): { ask?: AskFor } {
  const { principal, compiled, capability, resource } = inv;
  const from = why.changeableBy;
  const isNobody = principal.kind === 'anonymous' || capability !== undefined;
  if (isNobody || from === undefined || from === principal.actor) return {};
  if (services.node.modules['qonsent'] === undefined) return {};
  // Whose authority the call needed: that of the owner of the resource, or of whom it acts for.
  const subject = inv.owner ?? inv.subject;
  return {
    ask: {
      operation: 'qonsent.request',
      input: {
        from,
        ...(subject === '' || subject === from ? {} : { subject }),
        command: compiled.op.command,
        ...(resource === undefined ? {} : { resource }),
        operations: [compiled.op.id],
      },
    },
  };
}
