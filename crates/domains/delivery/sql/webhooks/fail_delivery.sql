-- A message that could not be worked on: ended when $2 says so or it was tried $5 times, otherwise put off, each time twice as long.
update platform.webhook_deliveries
   set attempts = attempts + 1, error = $3,
       status = case when $2 or attempts + 1 >= $5 then 'failed' else 'received' end,
       completed_at = case when $2 or attempts + 1 >= $5 then $4::timestamptz end,
       next_attempt_at = case when $2 or attempts + 1 >= $5 then null else $4::timestamptz + interval '5 seconds' * power(2, attempts) end
 where id = $1 and next_attempt_at is not null
