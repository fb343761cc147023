do $$
declare
  target regclass;
begin
  foreach target in array array['audit.audit_logs', 'audit.change_sets', 'audit.change_tracking', 'audit.activity_logs', 'audit.project_history',
                                'audit.document_history']::regclass[] loop
    execute format('grant update, delete on %s to super_admin', target);
  end loop;
end
$$;
drop view identity.user_profiles_masked;
drop view identity.users_masked;
drop function identity.masked_user_profiles();
drop function identity.masked_users();
revoke select (user_id, company, country, state_province, city, postal_code) on identity.user_profiles from throughline_auth;
drop policy sign_in on identity.user_profiles;
do $$
declare
  target regclass;
begin
  foreach target in array array['identity.memberships', 'identity.organizations', 'delivery.commits', 'audit.audit_logs', 'audit.activity_logs',
                                'platform.notifications', 'platform.configuration_settings']::regclass[] loop
    execute format('drop view %s_masked', target);
    execute format('revoke all on %s from readonly_user', target);
    if (select f.classification <> 'restricted' from platform.table_facts f where f.table_schema || '.' || f.table_name = target::text) then
      execute format('grant select on %s to readonly_user', target);
    end if;
  end loop;
end
$$;
drop procedure platform.mask_columns(regclass, name[]);
drop function platform.mask_email(text);
drop function platform.mask_text(text);
