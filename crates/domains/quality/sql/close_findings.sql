-- Marks as fixed what these tools found before in these scopes and their report does not repeat, unless a later build was heard of. A branch closes what
-- was last found on it, and the default branch also what no branch is known of.
-- `not in` makes one table of what the report has. With `not exists` the planner, who takes a few rows for the thousands this transaction stored,
-- compared every finding with every sighting.
update security.findings f set status = 'fixed', fixed_at = $4, fixed_build_id = $3
  from unnest($6::text[], $7::text[]) r (tool, scope)
 where f.project_id = $1 and f.tool = r.tool and f.scope = r.scope and f.status = 'open'
   and f.id not in (select s.finding_id from security.finding_sightings s where s.project_id = $1 and s.import_id = $2)
   and not coalesce($5::int < (select max(b.build_number) from delivery.builds b where b.project_id = $1 and b.id = f.last_seen_build_id), false)
   and case when f.last_seen_build_id is null then $8::text is null or $9::bool
            else exists (select from delivery.builds b where b.project_id = $1 and b.id = f.last_seen_build_id
                           and (b.git_branch is not distinct from $8 or b.git_branch is null and $9)) end
