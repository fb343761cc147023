-- What became of a message.
update platform.webhook_deliveries
   set status = $2, event = $3, action = $4, repository = $5, result = $6, notes = $7, error = $8, repeat_of = $9, next_attempt_at = $10,
       completed_at = $11, attempts = attempts + 1
 where id = $1
