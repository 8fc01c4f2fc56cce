import { parse } from 'yaml';

/** A document in YAML as data; for tests elsewhere that read what was derived. */
export const readYaml = (text: string): unknown => parse(text);
