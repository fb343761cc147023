-- Waits for the turn in the project: two imports that give out keys and add to the counts of one build would otherwise wait for each other
-- crosswise. Gives nothing of interest.
select pg_advisory_xact_lock(hashtextextended('imports of ' || $1::uuid, 0)) is null
