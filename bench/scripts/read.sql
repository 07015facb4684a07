SET threads = 1;
SET enable_progress_bar = false;
CREATE TEMP VIEW records AS SELECT * FROM read_csv(FILES, delim = ' ', header = true, nullstr = '-', auto_detect = false, columns = {
  'version': 'UTINYINT', 'account': 'VARCHAR', 'interface': 'VARCHAR', 'src': 'VARCHAR', 'dst': 'VARCHAR', 'srcport': 'USMALLINT', 'dstport': 'USMALLINT',
  'protocol': 'UTINYINT', 'packets': 'UBIGINT', 'bytes': 'UBIGINT', 'start': 'BIGINT', 'end': 'BIGINT', 'action': 'VARCHAR', 'status': 'VARCHAR'});
