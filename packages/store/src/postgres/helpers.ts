/**
 * Functions of SQLite that the portable subset uses, for PostgreSQL. They lie in the store's own
 * schema, and an argument of type text chooses them over the server's own of that name.
 */
export const HELPERS = `
-- glob(pattern, text): * and ?, and [x] for one character that stands for itself.
CREATE OR REPLACE FUNCTION glob(pattern text, subject text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (subject LIKE translate(translate(
    replace(replace(replace(
      replace(replace(replace(pattern, '\\', '\\\\'), '%', '\\%'), '_', '\\_'),
      '[*]', chr(1)), '[?]', chr(2)), '[[]', chr(3)),
    '*?', '%_'), chr(1) || chr(2) || chr(3), '*?['))::int::bigint
$$;
-- json_each(text): the members of a list, as text.
CREATE OR REPLACE FUNCTION json_each(document text) RETURNS TABLE (value text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT json_array_elements_text(document::json)
$$`;
