-- Records a stored file. Without a location it is on the local disk; without a kind, its name's ending tells, or it is anything.
insert into documents.files (id, storage_location_id, storage_path, filename, filetype_code, file_size, checksum_sha256)
values ($1,
        coalesce($2, (select l.id from reference.storage_locations l where l.provider = 'local' and l.is_active order by l.sort_order, l.id limit 1)),
        $3, $4,
        coalesce($5, (select f.code from reference.filetypes f where f.extension = $6), 'octets'),
        $7, $8)
