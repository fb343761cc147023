-- The test cases behind fingerprints, with whether another system has a key for them; no row for a fingerprint nobody has used. Joined by the
-- primary key alone: in a table that was never analysed, every index that begins with the project looks as good.
select a.fingerprint, a.test_case_id, c.name,
       exists (select from quality.test_case_aliases k
               where k.organization_id = a.organization_id and k.project_id = a.project_id and k.test_case_id = a.test_case_id
                 and k.external_key is not null) as has_key
from quality.test_case_aliases a
join quality.test_cases c on c.organization_id = a.organization_id and c.id = a.test_case_id
where a.project_id = $1 and a.fingerprint = any($2)
