-- The test cases behind fingerprints, with whether another system has a key for them; no row for a fingerprint nobody has used. One look-up by
-- the unique key for each: in a table that grows in this very transaction, a plan made for all at once would read the whole project.
select f.print, a.test_case_id, c.name,
       exists (select from quality.test_case_aliases k
               where k.organization_id = a.organization_id and k.project_id = $1 and k.test_case_id = a.test_case_id
                 and k.external_key is not null) as has_key
from unnest($2::bytea[]) f (print)
cross join lateral (select n.organization_id, n.test_case_id from quality.test_case_aliases n
                    where n.fingerprint = f.print and n.project_id = $1 limit 1) a
join quality.test_cases c on c.organization_id = a.organization_id and c.id = a.test_case_id
