-- The message before with the same content that was worked on to a good end; no row when there is none.
select d.id from platform.webhook_deliveries d
 where d.connection_id = $1 and d.payload_sha256 = $2 and d.id <> $3 and d.event = $4 and d.status in ('done', 'unused')
 order by d.id limit 1
