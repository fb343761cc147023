drop table platform.exchange_files;
delete from platform.table_facts where table_schema = 'platform' and table_name = 'exchange_files';
alter table platform.exchange_documents drop constraint exchange_documents_member_name_check, drop constraint exchange_documents_files_count_check,
  drop constraint exchange_documents_files_bytes_check, drop column member_name, drop column files_count, drop column files_bytes;
