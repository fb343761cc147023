-- A new secret; the one before holds until $4, or no longer when that is null. Answers since when the one before held.
update platform.webhook_connections c
   set secret_ciphertext = $2, secret_changed_at = $3,
       old_secret_ciphertext = case when $4::timestamptz is not null then b.secret_ciphertext end, old_secret_until = $4, updated_by = $5
  from (select secret_ciphertext, secret_changed_at from platform.webhook_connections where id = $1 for update) b
 where c.id = $1
returning b.secret_changed_at
