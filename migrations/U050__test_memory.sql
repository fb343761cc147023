drop function quality.is_quarantined(uuid, uuid, timestamptz);
drop table quality.test_quarantines;
drop trigger note_flips on quality.test_results;
drop function quality.note_flips();
drop table quality.test_flips;
drop function quality.count_flips();
update platform.table_facts set statistics = array_remove(array_remove(statistics, 'flip_count'), 'last_flipped_at') where (table_schema, table_name) = ('quality', 'test_cases');
drop index quality.test_cases_last_flipped_at_idx;
drop index quality.test_cases_owner_user_id_idx;
drop trigger touch on quality.test_cases;
alter table quality.test_cases drop column last_flipped_at, drop column flip_count, drop column owner_user_id;
do $$
begin
  execute format('create trigger touch before update of %s on quality.test_cases for each row execute function platform.touch(''row_version'', ''updated_by'')',
    (select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
     from pg_attribute a join platform.table_facts f on (f.table_schema, f.table_name) = ('quality', 'test_cases')
     where a.attrelid = 'quality.test_cases'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       and a.attname <> all (f.statistics) and a.attname not in ('updated_at', 'row_version', 'updated_by')));
end
$$;
delete from platform.table_facts where table_schema = 'quality' and table_name in ('test_flips', 'test_quarantines');
