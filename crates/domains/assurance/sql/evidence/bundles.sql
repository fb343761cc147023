-- Bundles of evidence of a project, newest first. No row when there is none.
-- Parameters: project, a build or null for all, a release or null for all, the last one of the page before, rows.
select b.id, b.name, n.build_number, l.id, l.name, b.criteria_count, b.proven_count, b.open_count, b.size_bytes, encode(b.content_sha256, 'hex'),
       b.public_key, b.created_at, coalesce(u.display_name, u.email), u.kind
  from security.evidence_bundles b
  left join delivery.builds n on n.project_id = b.project_id and n.id = b.build_id and /* readable builds n.id */ true
  left join work.baselines l on l.project_id = b.project_id and l.id = b.baseline_id and /* readable baselines l.id */ true
  left join identity.users u on u.id = b.created_by
 where b.project_id = $1 and /* readable evidence-bundles b.id */ true
   and ($2::uuid is null or b.build_id = $2)
   and ($3::uuid is null or b.release_id = $3)
   and ($4::uuid is null or b.id < $4)
 order by b.id desc
 limit $5
