-- The live test cases that go by a name or key: their own, that of another system, or the name they are reported under. No row for a name
-- nobody has; several rows when several tests have it.
select n.name, c.id
from unnest($2::text[]) n (name)
join quality.test_cases c on c.project_id = $1 and c.deleted_at is null
  and (c.key = n.name or c.name = n.name
       or exists (select from quality.test_case_aliases a
                  where a.project_id = $1 and a.test_case_id = c.id and (a.external_key = n.name or a.case_name = n.name)))
