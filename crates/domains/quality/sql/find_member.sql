-- The active member with this address or, when only one has it, this name; no row or two rows otherwise.
select u.id from identity.users u
join identity.memberships m on m.user_id = u.id and m.status = 'active' and m.deleted_at is null
where u.email = lower($1) or u.display_name = $1
order by u.email = lower($1) desc
limit 2
