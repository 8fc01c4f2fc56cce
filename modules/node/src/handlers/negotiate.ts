import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const negotiate = handler(node.negotiate, async (clientRequirements, ctx) => {
  const { negotiate: agree } = await import('@anarq/derive');
  const answer = agree(ctx.services.contracts, clientRequirements);
  const { availableCapabilities, limitations, alternativeModules } = answer;
  return {
    clientRequirements,
    serverResponse: {
      supportedVersion: answer.supportedVersion,
      availableCapabilities: [...availableCapabilities],
      limitations: [...limitations],
      ...(alternativeModules === undefined ? {} : { alternativeModules: [...alternativeModules] }),
    },
  };
});
