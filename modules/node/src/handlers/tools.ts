import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

/** Places in the registry are relative to the node, which has several addresses. */
const HERE = '';

export const tools = handler(node.tools, async ({ module }, ctx) => {
  const { contracts } = ctx.services;
  const asked = contracts.filter(({ name }) => module === undefined || name === module);
  if (module !== undefined && asked.length === 0)
    fail('QINDEX_NOT_FOUND', `No module ${module} runs here.`, {
      modules: contracts.map(({ name }) => name),
    });
  // As much as a small module, and seldom asked for: a node starts without it.
  const { toolRegistryOf } = await import('@anarq/derive');
  const items = asked.map((contract) => {
    const registry = toolRegistryOf(contract, contracts, { url: HERE, lastUpdated: ctx.now });
    const { tools: offered, events } = registry.capabilities;
    return {
      module: contract.name,
      version: contract.version,
      tools: Object.keys(offered),
      events: Object.keys(events),
      // Of all at once it would be megabytes; its type says more than JSON's does.
      ...(module === undefined ? {} : { registry: JSON.parse(JSON.stringify(registry)) }),
    };
  });
  return { items };
});
