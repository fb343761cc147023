-- Kinds of things that are part of another kind; none when no kind is.
select part.name, whole.name from authz.resource_types part join authz.resource_types whole on whole.id = part.parent_type_id
