-- The stored file with this content, whoever brought it. Null: there is none.
select documents.known_file($1, $2)
