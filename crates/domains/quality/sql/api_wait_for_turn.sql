-- Descriptions of interfaces belong to no project, so those who bring them wait for each other in the whole organisation, until the end of the transaction.
select pg_advisory_xact_lock(hashtextextended('descriptions of interfaces of ' || platform.current_organization(), 0)) is null
