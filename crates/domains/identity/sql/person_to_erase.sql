-- Somebody as they are called, whose account stays locked until it is emptied. No row: nobody of that identifier.
select u.kind, u.email, u.username, u.display_name, u.first_name, u.last_name from identity.users u where u.id = $1 for no key update
