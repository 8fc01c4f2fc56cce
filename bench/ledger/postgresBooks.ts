/**
 * What a ledger in PostgreSQL needs to answer as ours does: an id acts once, each transfer has its result,
 * accounts have what is pending and what is posted and may have limits, transfers are kept whole with their time,
 * and are found by account. It is still less: ids and amounts are of 64 bits, nothing here holds, ends holds or
 * links, an id that failed may come again, and a limit that is passed refuses the batch, not the transfer.
 */
export const BOOKS_SCHEMA = `
  CREATE TABLE book_accounts (
    id bigint PRIMARY KEY,
    debits_pending bigint NOT NULL DEFAULT 0, debits_posted bigint NOT NULL DEFAULT 0,
    credits_pending bigint NOT NULL DEFAULT 0, credits_posted bigint NOT NULL DEFAULT 0,
    ledger integer NOT NULL DEFAULT 1, code smallint NOT NULL DEFAULT 1,
    is_closed boolean NOT NULL DEFAULT false,
    is_limited boolean NOT NULL DEFAULT false,
    CHECK (NOT is_limited OR debits_pending + debits_posted <= credits_posted)
  );
  CREATE TABLE book_transfers (
    id bigint PRIMARY KEY, debit bigint NOT NULL, credit bigint NOT NULL, amount bigint NOT NULL,
    pending_id bigint NOT NULL DEFAULT 0, user_data_128 uuid, user_data_64 bigint NOT NULL DEFAULT 0,
    user_data_32 integer NOT NULL DEFAULT 0, timeout_s integer NOT NULL DEFAULT 0,
    ledger integer NOT NULL, code smallint NOT NULL, flags smallint NOT NULL DEFAULT 0,
    timestamp bigint NOT NULL
  );
  CREATE INDEX ON book_transfers (debit, timestamp);
  CREATE INDEX ON book_transfers (credit, timestamp);`;

/**
 * A batch in one statement: what is refused is told with its place in the batch and the number of its result, the
 * rest is moved. Whether an id is new is asked by the insert itself, which has to find its place anyway; what was
 * there is looked at only for those that are refused.
 * $1 ids, $2 debits, $3 credits, $4 amounts, $5 the time of the batch in nanoseconds.
 */
export const BOOKS_BATCH = `
  WITH judged AS MATERIALIZED (
    SELECT b.*, d.ledger, CASE
      WHEN b.id = 0 THEN 5
      WHEN b.debit = b.credit THEN 12
      WHEN d.id IS NULL THEN 21
      WHEN c.id IS NULL THEN 22
      WHEN d.ledger <> c.ledger THEN 23
      WHEN d.is_closed THEN 65
      WHEN c.is_closed THEN 66
      ELSE 0 END AS result
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
      WITH ORDINALITY AS b (id, debit, credit, amount, at)
    LEFT JOIN book_accounts AS d ON d.id = b.debit
    LEFT JOIN book_accounts AS c ON c.id = b.credit
  ), made AS (
    INSERT INTO book_transfers (id, debit, credit, amount, ledger, code, timestamp)
    SELECT id, debit, credit, amount, ledger, 1, $5::bigint + at FROM judged WHERE result = 0
    ORDER BY at
    ON CONFLICT (id) DO NOTHING
    RETURNING debit, credit, amount, timestamp
  ), sums AS (
    SELECT account, sum(debits)::bigint AS debits, sum(credits)::bigint AS credits FROM (
      SELECT debit AS account, amount AS debits, 0 AS credits FROM made
      UNION ALL SELECT credit, 0, amount FROM made
    ) AS sides GROUP BY account
  ), moved AS (
    UPDATE book_accounts AS a
    SET debits_posted = a.debits_posted + s.debits, credits_posted = a.credits_posted + s.credits
    FROM sums AS s WHERE a.id = s.account
  ), refused AS MATERIALIZED (
    SELECT * FROM judged AS j WHERE NOT EXISTS (SELECT FROM made WHERE timestamp = $5::bigint + j.at)
  )
  SELECT r.at - 1 AS index, CASE
    WHEN e.debit <> r.debit THEN 37
    WHEN e.credit <> r.credit THEN 38
    WHEN e.amount <> r.amount THEN 39
    WHEN e.id IS NOT NULL OR r.result = 0 THEN 46
    ELSE r.result END AS result
  FROM refused AS r
  LEFT JOIN LATERAL (SELECT * FROM book_transfers WHERE id = r.id LIMIT 1) AS e ON true
  ORDER BY r.at`;
