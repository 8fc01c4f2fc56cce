/** Typed clients of a node: the same calls, types and results in process, over HTTP and over MCP. */
export { CallError } from './callError.ts';
export { createClient, type CallOptions, type Client } from './client.ts';
export { anonymous, bearer, keys, type KeysOrder } from './credentials.ts';
export { delegate, type DelegateOrder } from '@anarq/crypto';
export { downloadFile, saveFile, type Download, type DownloadOrder } from './download.ts';
export {
  followEvents,
  type FollowEventsOrder,
  type NodeEvent,
  type StreamedEvent,
} from './follow.ts';
export { http } from './http.ts';
export { inProcess, type InProcessCall, type InProcessTarget } from './inProcess.ts';
export { mcp, type McpOrder } from './mcp.ts';
export { ConnectionLost, type Credentials, type Proof, type Transport } from './transport.ts';
export { uploadFile, type UploadedFile, type UploadOrder, type UploadProgress } from './upload.ts';
