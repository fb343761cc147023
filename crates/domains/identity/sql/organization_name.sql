-- The name of the organisation that the transaction is bound to.
select name from identity.organizations where id = platform.current_organization()
