import { workerData } from 'node:worker_threads';
import { serve, type Given } from './calls.ts';

const given: Given = workerData;
serve(given);
