import { Option } from 'commander';

export const grpcPortOption = (port: (text: string) => number): Option =>
  new Option('--grpc-port <number>', 'also serve gRPC, on this port; 0 for any free one')
    .env('Q_GRPC_PORT')
    .argParser(port);

/** Where `q up` serves the books of the ledger in batches: on a Unix socket. */
export const ledgerSocketOption = (): Option =>
  new Option(
    '--ledger-socket [path]',
    'also serve the ledger’s books in batches, on a Unix socket; default: ledger.sock in the data folder',
  ).env('Q_LEDGER_SOCKET');

/** The same, on a port that only this machine reaches. */
export const ledgerPortOption = (port: (text: string) => number): Option =>
  new Option('--ledger-port <number>', 'the same on a port of 127.0.0.1; 0 for any free one')
    .env('Q_LEDGER_PORT')
    .argParser(port);

/** Which chain the node keeps: its genesis, its peers and its key lie in a folder. */
export const chainOption = (): Option =>
  new Option(
    '--chain <folder>',
    'also keep the chain in this folder (genesis.json, network.json); a new one is a chain of this node alone',
  ).env('Q_CHAIN');
