import { createHash } from 'node:crypto';
import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';
import { announced } from '../store.ts';
import { MODULES_MAX } from '../toolOperations.ts';

/** Places in the registry are relative to the node: it has another address tomorrow. */
const HERE = '';

export const announceTools = handler(node.announceTools, async (_input, ctx) => {
  const { toolRegistryOf } = await import('@anarq/derive');
  const { contracts, node: facts } = ctx.services;
  const rows = ctx.rows(announced);
  const said: Record<'ADDED' | 'UPDATED' | 'REMOVED', string[]> = {
    ADDED: [],
    UPDATED: [],
    REMOVED: [],
  };
  const say = (module: string, action: keyof typeof said, registry: object) => {
    said[action].push(module);
    ctx.emit('q.tools.registry.updated.v1', {
      module,
      action,
      // A registry is plain data; its type says more than JSON's does.
      capabilities: JSON.parse(JSON.stringify(registry)),
      timestamp: ctx.now,
    });
  };
  for (const contract of contracts) {
    const registry = toolRegistryOf(contract, contracts, { url: HERE, lastUpdated: ctx.now });
    const { lastUpdated: _, ...lasting } = registry;
    const digest = createHash('sha256').update(JSON.stringify(lasting)).digest('base64url');
    const known = await rows.get(contract.name);
    if (known?.digest === digest) continue;
    if (known === undefined) rows.insert({ id: contract.name, digest, registry: { ...registry } });
    else rows.update(known, { digest, registry: { ...registry } });
    say(contract.name, known === undefined ? 'ADDED' : 'UPDATED', registry);
  }
  const { items } = await rows.list({ limit: MODULES_MAX });
  for (const row of items) {
    // What another process of this node runs has an identity here, and is not gone.
    if (Object.hasOwn(facts.modules, row.id)) continue;
    rows.remove(row);
    say(row.id, 'REMOVED', row.registry);
  }
  return { added: said.ADDED, updated: said.UPDATED, removed: said.REMOVED };
});
