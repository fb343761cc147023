-- The constraints on references to other systems are checked against the references that were there, without holding up those who write.

alter table platform.external_references validate constraint external_references_document_id_fkey;
alter table platform.external_references validate constraint external_references_content_check;
