import type { TObject } from 'typebox';

/** UCAN commands are lower case: 'ledger/createAccounts' is /ledger/create-accounts. */
export const commandOf = (scope: string): string =>
  `/${scope.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** A query of scalar members reads as GET; everything else is POST. */
export function defaultRoute(
  name: string,
  draft: { readonly kind: string; readonly input: TObject },
): string {
  const flat = Object.values(draft.input.properties).every((p) =>
    ['string', 'integer', 'number', 'boolean'].includes(
      String((p as Readonly<Record<string, unknown>>)['type']),
    ),
  );
  return `${draft.kind === 'query' && flat ? 'GET' : 'POST'} /${name}`;
}
