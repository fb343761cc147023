-- Sets a run of numbers for keys aside and gives the first.
select work.reserve_keys($1, $2, $3)
