-- The owners of tests are checked against the members, without holding up those who write.

alter table quality.test_cases validate constraint test_cases_owner_user_id_fkey;
