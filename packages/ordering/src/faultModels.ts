export type FaultModelName = 'local' | 'jetstream' | 'dag-bft';

/** What an order bears, in words for whoever reads an answer. */
export interface FaultModel {
  readonly name: FaultModelName;
  /** What may happen, and no answered batch is lost, none acts twice, and the books stay alike. */
  readonly bears: string;
  readonly bearsNot: string;
}

/** Stands in every answer: nobody has to look up what a promise was worth. */
export const FAULT_MODELS: Readonly<Record<FaultModelName, FaultModel>> = {
  local: {
    name: 'local',
    bears:
      'crashes of the process and of the machine, and loss of power: an answer comes after a sync',
    bearsNot: 'the loss of the disk: there is one copy',
  },
  jetstream: {
    name: 'jetstream',
    bears:
      'crashes of the nodes and of the broker’s processes; a batch is answered after the answering node’s own sync',
    bearsNot:
      'a common loss of power: the broker acknowledges before it syncs, so only the books of nodes that had applied a batch are sure to have it; nor anybody who lies',
  },
  'dag-bft': {
    name: 'dag-bft',
    bears:
      'less than a third of the validators crashed, cut off or lying; a batch is answered after the answering node’s own sync',
    bearsNot: 'a third of the validators or more',
  },
};
