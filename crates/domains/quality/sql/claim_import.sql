-- True when this transaction is the only one at work on the import; it stays so until the transaction ends.
select pg_try_advisory_xact_lock(hashtextextended('import ' || $1::uuid, 0))
