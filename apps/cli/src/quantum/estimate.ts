import { memoryOfMachine, planned } from '@anarq/quantum/local';
import { say } from '../terminal.ts';
import { tellingOf, withThread } from './local.ts';
import { askedOf, sourceOf, type AskingOptions } from './options.ts';
import { nameOf, readCircuit } from './readCircuit.ts';
import { estimateOnNode, type NodeOptions } from './remote.ts';
import { showPlan } from './show.ts';

interface EstimateOptions extends AskingOptions, NodeOptions {
  readonly json?: boolean;
}

/** Says what a run would take, without running it. */
export const estimate = (path: string, options: EstimateOptions): Promise<void> =>
  tellingOf(path, options, async () => {
    const source = await sourceOf(await readCircuit(path), options);
    const asked = askedOf(options);
    if (options.node === true || options.token !== undefined) {
      const told = await estimateOnNode({ source, asked }, options);
      if (options.json === true) return say(JSON.stringify(told));
      const price = `about ${told.price} ${told.unit}, at most ${told.maxPrice} ${told.unit}`;
      return showPlan({ ...told, price }, nameOf(path));
    }
    const plan = await withThread((thread) =>
      planned(
        { kind: 'plan', source, asked, memory_bytes: memoryOfMachine() },
        (order) => thread.perform(order),
        () => thread.perform({ kind: 'speeds', asked }),
      ),
    );
    const { duration_us, alternatives, ...rest } = plan;
    const told = {
      ...rest,
      duration_ms: duration_us / 1_000,
      alternatives: alternatives.map(({ duration_us: us, ...one }) => ({
        ...one,
        ...(us === undefined ? {} : { duration_ms: us / 1_000 }),
      })),
    };
    if (options.json === true) return say(JSON.stringify(told));
    showPlan(told, nameOf(path));
  });
