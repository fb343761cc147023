-- Ends what somebody took in an emergency. No row: nothing is left of it.
update authz.user_permissions set revoked_at = $2, revocation_reason = 'given back'
where user_id = $1 and is_emergency and revoked_at is null and valid_until > $2
