import { negotiate as agree } from '@anarq/derive';
import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const negotiate = handler(node.negotiate, (clientRequirements, ctx) => {
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
