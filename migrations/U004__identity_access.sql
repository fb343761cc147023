drop table identity.team_members;
drop table identity.teams;
drop table identity.api_tokens;
drop table identity.sessions;
delete from platform.table_facts
where table_schema = 'identity' and table_name in ('sessions', 'api_tokens', 'teams', 'team_members');
